package org.medley.runtime.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Shared stacks beside sets of whole ones. */
class StackTest {
    private record Both(Stack shared, Set<List<Long>> whole) {}

    private static Both random(SplittableRandom random, int depth) {
        if (depth == 0 || random.nextInt(4) == 0) {
            return new Both(Stack.BOTTOM, Set.of(List.of()));
        }
        if (random.nextBoolean()) {
            Both below = random(random, depth - 1);
            long caller = random.nextInt(3);
            Set<List<Long>> whole = new HashSet<>();
            below.whole.forEach(stack -> {
                List<Long> pushed = new ArrayList<>(stack);
                pushed.add(caller);
                whole.add(pushed);
            });
            return new Both(below.shared.push(caller), whole);
        }
        Both a = random(random, depth - 1);
        Both b = random(random, depth - 1);
        Set<List<Long>> whole = new HashSet<>(a.whole);
        whole.addAll(b.whole);
        return new Both(a.shared.and(b.shared), whole);
    }

    private static Set<List<Long>> whole(Stack stack) {
        Set<List<Long>> all = new HashSet<>();
        if (stack.bottom()) {
            all.add(List.of());
        }
        for (int i = 0; i < stack.callers(); i++) {
            for (List<Long> below : whole(stack.below(i))) {
                List<Long> pushed = new ArrayList<>(below);
                pushed.add(stack.caller(i));
                all.add(pushed);
            }
        }
        return all;
    }

    @Test
    void sharedStacksHoldTheSameCallersAndEqualIfTheyDo() {
        List<Both> some = new ArrayList<>();
        for (long seed = 0; seed < 400; seed++) {
            Both both = random(new SplittableRandom(seed), 7);
            assertThat(whole(both.shared)).as("seed %d", seed).isEqualTo(both.whole);
            some.add(both);
        }
        int equal = 0;
        for (Both a : some) {
            for (Both b : some) {
                assertThat(a.shared.equals(b.shared)).isEqualTo(a.whole.equals(b.whole));
                equal += a.whole.equals(b.whole) ? 1 : 0;
            }
        }
        assertThat(equal).isGreaterThan(some.size());
    }
}
