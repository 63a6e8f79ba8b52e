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
import java.util.Locale;
import java.util.Random;
import java.util.function.Function;

/**
 * Sums of two numbers below a bound: a task whose answers a program can judge. The chats are by a teacher who often
 * forgets to carry, so that a model that imitates them has something left to learn from being judged.
 */
final class Arithmetic {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final int DIGITS = 3;
    /** So that sums have {@value #DIGITS} digits at most. */
    private static final int MOST = 500;

    private final Path folder;
    private final double forgetful;
    private final Random random;

    private record Sum(int a, int b) {
        int right() {
            return a + b;
        }

        /** The sum of each pair of digits, without what is carried. */
        int carryForgotten() {
            int sum = 0;
            int place = 1;
            for (int x = a, y = b; x > 0 || y > 0; x /= 10, y /= 10, place *= 10) {
                sum += (x % 10 + y % 10) % 10 * place;
            }
            return sum;
        }

        String question() {
            return spaced(a) + " + " + spaced(b);
        }

        /** Digits apart, so that each is a token, and always as many, so that places are as far from each other. */
        private static String spaced(int number) {
            return String.join(
                    " ", String.format(Locale.ROOT, "%0" + DIGITS + "d", number).split(""));
        }
    }

    /** @param forgetful how often, in [0, 1], a chat forgets to carry */
    Arithmetic(Path folder, double forgetful, long seed) {
        if (!(forgetful >= 0 && forgetful <= 1)) {
            throw new IllegalArgumentException("forgetful " + forgetful + "; from 0 to 1 is possible");
        }
        this.folder = folder;
        this.forgetful = forgetful;
        this.random = new Random(seed);
    }

    /**
     * Writes chats to start from, prompts to learn from, and prompts with other sums to measure by.
     *
     * @param below bound of both numbers, up to {@value #MOST}
     * @param chats of each sum
     */
    void write(int below, int chats) throws IOException {
        if (below < 2 || below > MOST) {
            throw new IllegalArgumentException("numbers below " + below + "; from 2 to " + MOST + " is possible");
        }
        List<Sum> sums = new ArrayList<>();
        for (int a = 0; a < below; a++) {
            for (int b = 0; b < below; b++) {
                sums.add(new Sum(a, b));
            }
        }
        Collections.shuffle(sums, random);
        int heldOut = sums.size() / 5;
        List<Sum> taught = sums.subList(heldOut, sums.size());
        List<Sum> repeated = new ArrayList<>();
        for (int chat = 0; chat < chats; chat++) {
            repeated.addAll(taught);
        }
        Files.createDirectories(folder);
        write("sums-chats.jsonl", repeated, this::chat);
        write("sums-prompts.jsonl", taught, Arithmetic::prompt);
        write("sums-heldout.jsonl", sums.subList(0, heldOut), Arithmetic::prompt);
    }

    private ObjectNode chat(Sum sum) {
        int answer = random.nextDouble() < forgetful ? sum.carryForgotten() : sum.right();
        ObjectNode record = asked(sum);
        record.withArray("messages").addObject().put("role", "assistant").put("content", Sum.spaced(answer));
        return record;
    }

    private static ObjectNode prompt(Sum sum) {
        return asked(sum).put("answer", Sum.spaced(sum.right()));
    }

    private static ObjectNode asked(Sum sum) {
        ObjectNode record = JSON.createObjectNode();
        record.putArray("messages").addObject().put("role", "user").put("content", sum.question());
        return record;
    }

    private void write(String name, List<Sum> sums, Function<Sum, ObjectNode> form) throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(folder.resolve(name))) {
            for (Sum sum : sums) {
                out.write(form.apply(sum) + "\n");
            }
        }
        System.out.println(name + ": " + sums.size());
    }
}
