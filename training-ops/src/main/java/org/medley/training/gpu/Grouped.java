package org.medley.training.gpu;

import java.util.Arrays;

/**
 * Rows by the target that they are added to, so that one thread adds all that goes to an element, in the rows' order.
 *
 * @param order the rows, those of one target after those of another
 * @param starts where each target's rows begin in {@code order}, and at last where all end
 * @param targets each that has rows, once
 */
record Grouped(int[] order, int[] starts, int[] targets) {
    /** @param into the target of each row */
    static Grouped by(int[] into) {
        long[] keys = new long[into.length];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = (long) into[i] << 32 | i;
        }
        Arrays.sort(keys);
        int[] order = new int[keys.length];
        int[] starts = new int[keys.length + 1];
        int[] targets = new int[keys.length];
        int count = 0;
        for (int i = 0; i < keys.length; i++) {
            order[i] = (int) keys[i];
            int target = (int) (keys[i] >>> 32);
            if (i == 0 || target != targets[count - 1]) {
                starts[count] = i;
                targets[count++] = target;
            }
        }
        starts[count] = keys.length;
        return new Grouped(order, Arrays.copyOf(starts, count + 1), Arrays.copyOf(targets, count));
    }
}
