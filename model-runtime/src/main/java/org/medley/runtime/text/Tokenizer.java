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
import java.util.Optional;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.ModelSource;

/** Text to token ids and back, as {@code tokenizer.json} defines it. Safe for use by several threads. */
public final class Tokenizer implements AutoCloseable {
    private static final int NONE = -1;

    private final HuggingFaceTokenizer tokenizer;
    /** The BOS token that texts begin with, or {@link #NONE}. */
    private final int begin;

    /** @param file a {@code tokenizer.json} */
    public Tokenizer(Path file) {
        this(file, () -> Files.newInputStream(file), Optional.empty(), "");
    }

    /** The tokenizer of a model. What the model's settings say of BOS goes before what the tokenizer's template does. */
    public Tokenizer(ModelSource model) {
        this(
                model.path(),
                () -> new ByteArrayInputStream(model.tokenizerJson()),
                model.addsBos(),
                model.specialTokens().bos());
    }

    private interface Opening {
        InputStream open() throws IOException;
    }

    private Tokenizer(Path file, Opening opening, Optional<Boolean> addsBos, String bos) {
        // The library may phone home about updates otherwise; a hospital's network must stay silent.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        HuggingFaceTokenizer opened = null;
        try (InputStream in = opening.open()) {
            opened = HuggingFaceTokenizer.newInstance(
                    in, Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"));
            begin = begin(opened, addsBos, bos);
        } catch (BadModelException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            if (opened != null) {
                opened.close();
            }
            throw new BadModelException(file, "is not a tokenizer: " + e.getMessage(), e);
        }
        tokenizer = opened;
    }

    private static int begin(HuggingFaceTokenizer tokenizer, Optional<Boolean> addsBos, String bos) {
        if (addsBos.isPresent() && !addsBos.get()) {
            return NONE;
        }
        int[] named = addsBos.isPresent() ? ids(tokenizer.encode(bos, false, false)) : new int[0];
        return named.length == 1 ? named[0] : templateBegin(tokenizer);
    }

    /** The special token that the post-processor puts before a text. */
    private static int templateBegin(HuggingFaceTokenizer tokenizer) {
        Encoding encoding = tokenizer.encode("a", true, false);
        long[] special = encoding.getSpecialTokenMask();
        boolean begins = Arrays.stream(special).anyMatch(flag -> flag == 0) && special[0] == 1;
        return begins ? ids(encoding)[0] : NONE;
    }

    private static int[] ids(Encoding encoding) {
        return ints(encoding.getIds());
    }

    private static int[] ints(long[] values) {
        return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
    }

    /**
     * The tokens of a text that no chat template wrote: with a BOS token first where the model's texts begin with one,
     * but for a text that has it written out already.
     */
    public int[] encodeFromBegin(String text) {
        int[] tokens = encode(text);
        if (begin == NONE || tokens.length > 0 && tokens[0] == begin) {
            return tokens;
        }
        int[] all = new int[tokens.length + 1];
        all[0] = begin;
        System.arraycopy(tokens, 0, all, 1, tokens.length);
        return all;
    }

    /** Special tokens written out in the text, as templates do, are recognised as such; none is added. */
    public int[] encode(String text) {
        return ids(tokenizer.encode(text, false, false));
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
