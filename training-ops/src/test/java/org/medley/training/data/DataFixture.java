package org.medley.training.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.medley.runtime.text.Tokenizer;
import org.medley.runtime.weights.ModelFolder;
import org.medley.training.tokenizer.BpeTrainer;

/** A folder with a small tokenizer, data and a cache of stores. */
final class DataFixture implements AutoCloseable {
    static final int END = 0;
    static final int VOCABULARY = 330;
    private static final List<String> WORDS = List.of(
            "fever", "cough", "the", "patient", "has", "no", "pain", "ärztlich", "naïve", "日本", "😀", "x\ty", "12.5");

    final Path home;
    final Tokenizer tokenizer;
    final Encoder encoder;
    private final List<TokenStore> opened = new ArrayList<>();

    DataFixture(Path home) throws IOException {
        this(home, null);
    }

    /** @param template null for ChatML */
    DataFixture(Path home, String template) throws IOException {
        this.home = home;
        Path model = Files.createDirectories(home.resolve("model"));
        if (!Files.exists(model.resolve("tokenizer.json"))) {
            Random random = new Random(7);
            List<String> texts = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                texts.add(text(random, 20));
            }
            Files.writeString(model.resolve("tokenizer.json"), BpeTrainer.train(texts, VOCABULARY));
        }
        if (template != null) {
            Files.writeString(model.resolve("chat_template.jinja"), template);
        }
        tokenizer = new Tokenizer(model.resolve("tokenizer.json"));
        encoder = Encoder.of(new ModelFolder(model), tokenizer, END, VOCABULARY);
    }

    static String text(Random random, int words) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < words; i++) {
            text.append(WORDS.get(random.nextInt(WORDS.size())));
            text.append(random.nextInt(8) == 0 ? "\n" : random.nextInt(20) == 0 ? "\n\n" : " ");
        }
        return text.toString();
    }

    Path file(String name, String content) throws IOException {
        return file(name, content.getBytes(StandardCharsets.UTF_8));
    }

    Path file(String name, byte[] content) throws IOException {
        Path file = home.resolve("data").resolve(name);
        Files.createDirectories(file.getParent());
        return Files.write(file, content);
    }

    Path cache() {
        return home.resolve("cache");
    }

    TokenStore open(Path path, Format format) throws IOException {
        return open(path, format, Progress.NONE);
    }

    TokenStore open(Path path, Format format, Progress progress) throws IOException {
        TokenStore store = TokenStore.open(Source.of("d", path, format), encoder, cache(), progress);
        opened.add(store);
        return store;
    }

    /** A store of documents of random lengths, some far longer than a sequence. */
    TokenStore documents(String name, int count, long seed) throws IOException {
        Random random = new Random(seed);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < count; i++) {
            int words = random.nextInt(10) == 0 ? 40 + random.nextInt(80) : 1 + random.nextInt(15);
            lines.append("{\"text\":").append(quoted(text(random, words))).append("}\n");
        }
        return open(file(name + ".jsonl", lines.toString()), Format.text);
    }

    static String quoted(String text) {
        return com.fasterxml.jackson.databind.node.TextNode.valueOf(text).toString();
    }

    static String turn(String role, String content) {
        return "{\"role\":\"" + role + "\",\"content\":" + quoted(content) + "}";
    }

    /** A store of conversations of random lengths. */
    TokenStore chats(String name, int count, long seed) throws IOException {
        Random random = new Random(seed);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < count; i++) {
            lines.append("{\"messages\":[").append(turn("user", text(random, 1 + random.nextInt(6))));
            for (int t = random.nextInt(2); t >= 0; t--) {
                lines.append(",").append(turn("assistant", text(random, 1 + random.nextInt(10))));
                lines.append(t > 0 ? "," + turn("user", "and?") : "");
            }
            lines.append("]}\n");
        }
        return open(file(name + ".jsonl", lines.toString()), Format.chat);
    }

    @Override
    public void close() {
        opened.forEach(TokenStore::close);
        tokenizer.close();
    }
}
