package org.medley.platform.starter;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Sums of two numbers below a bound, each once: a task whose answers a program can judge. */
final class Arithmetic {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Arithmetic() {}

    /**
     * Writes chats to start from, prompts to learn from, and prompts with other sums to measure by.
     *
     * @param below bound of both numbers
     */
    static void write(Path folder, int below, long seed) throws IOException {
        List<int[]> sums = new ArrayList<>();
        for (int a = 0; a < below; a++) {
            for (int b = 0; b < below; b++) {
                sums.add(new int[] {a, b});
            }
        }
        Collections.shuffle(sums, new Random(seed));
        int heldOut = sums.size() / 5;
        Files.createDirectories(folder);
        write(folder.resolve("sums-chats.jsonl"), sums.subList(heldOut, sums.size()), true);
        write(folder.resolve("sums-prompts.jsonl"), sums.subList(heldOut, sums.size()), false);
        write(folder.resolve("sums-heldout.jsonl"), sums.subList(0, heldOut), false);
    }

    private static void write(Path file, List<int[]> sums, boolean answered) throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (int[] sum : sums) {
                ObjectNode record = JSON.createObjectNode();
                var messages = record.putArray("messages");
                messages.addObject().put("role", "user").put("content", spaced(sum[0]) + " + " + spaced(sum[1]));
                if (answered) {
                    messages.addObject().put("role", "assistant").put("content", spaced(sum[0] + sum[1]));
                } else {
                    record.put("answer", spaced(sum[0] + sum[1]));
                }
                out.write(record + "\n");
            }
        }
        System.out.println(file.getFileName() + ": " + sums.size());
    }

    /** Digits apart, so that each is a token. */
    private static String spaced(int number) {
        return String.join(" ", String.valueOf(number).split(""));
    }
}
