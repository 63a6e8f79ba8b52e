package org.medley.runtime.grammar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Vocabularies for tests whose tokens end and begin in the middle of everything. */
final class AwkwardVocabulary {
    private static final String[] PIECES = {
        "\"", ",", ":", "{", "}", "[", "]", " ", "\n", "\n  ", "    ", "\\", "\\\"", "\\u00", "\\uD83D", "\\ude00",
        "null", "true", "fal", "se", "0", "1", "12", "345", ".5", "e+", "-", "a", "b", "ab", "name", "id", "é", "ß",
        "漢", "😀", "x1", "type", "kind", "2024", "-02-", "T1", "Z", "@", "/", "<", "tool", "call>", "\"a\":", "\",\"",
        "\"},{\"", "\"]}", "]],"
    };

    private AwkwardVocabulary() {}

    /** All bytes, some tokens twice, control tokens and ids without bytes among random ones; the first id ends a text. */
    static Vocabulary of(long seed, int tokens) {
        SplittableRandom random = new SplittableRandom(seed);
        List<byte[]> bytes = new ArrayList<>();
        bytes.add("</s>".getBytes(StandardCharsets.UTF_8));
        for (int b = 0; b < 256; b++) {
            bytes.add(new byte[] {(byte) b});
        }
        while (bytes.size() < tokens) {
            bytes.add(random(random));
        }
        boolean[] special = new boolean[tokens];
        special[0] = true;
        for (int i = 257; i < tokens; i++) {
            if (random.nextInt(50) == 0) {
                special[i] = true;
            } else if (random.nextInt(50) == 0) {
                bytes.set(i, null);
            }
        }
        return new Vocabulary(TokenBytes.of(bytes.toArray(byte[][]::new), special, false), 0);
    }

    /** All bytes, and all texts of two or three of these characters; the first id ends a text. */
    static Vocabulary upToThree(String characters) {
        List<byte[]> bytes = new ArrayList<>();
        bytes.add(new byte[0]);
        for (int b = 0; b < 256; b++) {
            bytes.add(new byte[] {(byte) b});
        }
        for (byte a : characters.getBytes(StandardCharsets.US_ASCII)) {
            for (byte b : characters.getBytes(StandardCharsets.US_ASCII)) {
                bytes.add(new byte[] {a, b});
                for (byte c : characters.getBytes(StandardCharsets.US_ASCII)) {
                    bytes.add(new byte[] {a, b, c});
                }
            }
        }
        return new Vocabulary(TokenBytes.of(bytes.toArray(byte[][]::new), new boolean[bytes.size()], false), 0);
    }

    private static byte[] random(SplittableRandom random) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int pieces = 1 + random.nextInt(3);
        for (int i = 0; i < pieces; i++) {
            byte[] piece = PIECES[random.nextInt(PIECES.length)].getBytes(StandardCharsets.UTF_8);
            int from = random.nextInt(4) == 0 ? random.nextInt(piece.length) : 0;
            int to = random.nextInt(4) == 0 ? from + 1 + random.nextInt(piece.length - from) : piece.length;
            out.write(piece, from, to - from);
        }
        return out.toByteArray();
    }
}
