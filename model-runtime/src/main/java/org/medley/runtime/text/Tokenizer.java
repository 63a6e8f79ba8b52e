package org.medley.runtime.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelSource;

/** Text to token ids and back, as {@code tokenizer.json} defines it. Safe for use by several threads. */
public final class Tokenizer implements AutoCloseable {
    private final HuggingFaceTokenizer tokenizer;

    /** @param file a {@code tokenizer.json} */
    public Tokenizer(Path file) {
        this(file, () -> Files.newInputStream(file));
    }

    /** The tokenizer of a model. */
    public Tokenizer(ModelSource model) {
        this(model.path(), () -> new ByteArrayInputStream(model.tokenizerJson()));
    }

    private interface Opening {
        InputStream open() throws IOException;
    }

    private Tokenizer(Path file, Opening opening) {
        // The library may phone home about updates otherwise; a hospital's network must stay silent.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        try (InputStream in = opening.open()) {
            tokenizer = HuggingFaceTokenizer.newInstance(
                    in, Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"));
        } catch (BadModelException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw new BadModelException(file, "is not a tokenizer: " + e.getMessage(), e);
        }
    }

    /** Special tokens written out in the text are recognised as such; none is added. */
    public int[] encode(String text) {
        long[] ids = tokenizer.encode(text, false, false).getIds();
        int[] tokens = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            tokens[i] = Math.toIntExact(ids[i]);
        }
        return tokens;
    }

    public String decode(int[] tokens, boolean skipSpecial) {
        long[] ids = new long[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            ids[i] = tokens[i];
        }
        return tokenizer.decode(ids, skipSpecial);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
