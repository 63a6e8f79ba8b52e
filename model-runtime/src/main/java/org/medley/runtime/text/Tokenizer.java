package org.medley.runtime.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
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
        return ints(tokenizer.encode(text, false, false).getIds());
    }

    /**
     * A text, or two, with what the model puts around them.
     *
     * @param types 1 for the second text's tokens, otherwise 0
     * @param closed whether the last token is one that was put there
     */
    public record Encoded(int[] ids, int[] types, boolean closed) {
        /** At most {@code most} tokens: the end is left out, before the token that closes. */
        public Encoded cut(int most) {
            if (ids.length <= most) {
                return this;
            }
            int[] kept = Arrays.copyOf(ids, most);
            if (closed) {
                kept[most - 1] = ids[ids.length - 1];
            }
            return new Encoded(kept, Arrays.copyOf(types, most), closed);
        }
    }

    /** @param second null for one text */
    public Encoded encodeWhole(String text, String second) {
        Encoding encoding =
                second == null ? tokenizer.encode(text, true, false) : tokenizer.encode(text, second, true, false);
        long[] put = encoding.getSpecialTokenMask();
        return new Encoded(
                ints(encoding.getIds()), ints(encoding.getTypeIds()), put.length > 0 && put[put.length - 1] == 1);
    }

    private static int[] ints(long[] values) {
        return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
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
