package org.medley.runtime.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/** Ways to break a GGUF file, the bytes behind its names mostly. */
final class BrokenGgufs {
    private BrokenGgufs() {}

    static List<Broken> all() {
        List<Broken> all = new ArrayList<>();
        ggufBytes(all);
        ggufMetadata(all);
        ggufTensors(all);
        ggufVocabularies(all);
        return all;
    }

    private static Broken gguf(String name, String says, UnaryOperator<byte[]> change) {
        return new Broken(
                "gguf: " + name, "llama", says, file -> Files.write(file, change.apply(Files.readAllBytes(file))));
    }

    private static byte[] u32(byte[] bytes, int at, int value) {
        byte[] changed = bytes.clone();
        ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
        return changed;
    }

    private static byte[] u64(byte[] bytes, int at, long value) {
        byte[] changed = bytes.clone();
        ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putLong(at, value);
        return changed;
    }

    /** Where the bytes behind a text begin, in a file that holds it after its length. */
    private static int behind(byte[] bytes, String text) {
        byte[] sought = ByteBuffer.allocate(8 + text.length())
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length())
                .put(text.getBytes(StandardCharsets.US_ASCII))
                .array();
        for (int at = 0; at <= bytes.length - sought.length; at++) {
            if (Arrays.equals(bytes, at, at + sought.length, sought, 0, sought.length)) {
                return at + sought.length;
            }
        }
        throw new IllegalStateException("no '" + text + "' in the file");
    }

    private static byte[] rename(byte[] bytes, String text, String other) {
        byte[] changed = bytes.clone();
        System.arraycopy(
                other.getBytes(StandardCharsets.US_ASCII),
                0,
                changed,
                behind(bytes, text) - text.length(),
                text.length());
        return changed;
    }

    private static void ggufBytes(List<Broken> all) {
        all.add(gguf("empty", "ends at byte 0 within the magic number", b -> new byte[0]));
        for (int length : new int[] {3, 6, 15, 23, 40, 300}) {
            all.add(gguf("cut to " + length, "", b -> Arrays.copyOf(b, length)));
        }
        all.add(gguf("cut in the vocabulary", "", b -> Arrays.copyOf(b, behind(b, "tokenizer.ggml.tokens") + 200)));
        all.add(gguf("cut in the tensors' descriptions", "", b -> Arrays.copyOf(b, behind(b, "output.weight") + 9)));
        all.add(gguf("cut by one byte", "cut file", b -> Arrays.copyOf(b, b.length - 1)));
        all.add(gguf("cut by half", "", b -> Arrays.copyOf(b, b.length / 2)));
        all.add(gguf("other magic", "does not begin with GGUF", b -> u32(b, 0, 0x12345678)));
        all.add(gguf("version 1", "has GGUF version 1", b -> u32(b, 4, 1)));
        all.add(gguf("version 9", "has GGUF version 9", b -> u32(b, 4, 9)));
        all.add(gguf("big-endian", "has GGUF version 50331648", b -> u32(b, 4, 0x03000000)));
        for (long count : new long[] {-1, 1L << 40, 1 << 20}) {
            all.add(gguf(count + " tensors", "the number of tensors is", b -> u64(b, 8, count)));
            all.add(gguf(count + " keys", "the number of metadata keys is", b -> u64(b, 16, count)));
        }
        all.add(gguf("one tensor fewer", "", b -> u64(b, 8, 1)));
        all.add(gguf("no keys", "", b -> u64(b, 16, 0)));
    }

    private static void ggufMetadata(List<Broken> all) {
        String arch = "general.architecture";
        all.add(gguf("key of negative length", "the length of a metadata key", b -> u64(b, 24, -5)));
        all.add(gguf("key of huge length", "the length of a metadata key", b -> u64(b, 24, 1L << 50)));
        all.add(gguf("key of bad UTF-8", "a metadata key is not valid UTF-8", b -> {
            byte[] changed = b.clone();
            changed[33] = (byte) 0xc0;
            return changed;
        }));
        all.add(gguf("key twice", "is there twice", b -> rename(b, "general.file_type", "llama.block_count")));
        all.add(gguf("value type 13", "has type id 13", b -> u32(b, behind(b, arch), 13)));
        all.add(gguf("architecture unknown", "general.architecture is 'llamb'", b -> rename(b, "llama", "llamb")));
        all.add(gguf(
                "architecture missing",
                "general.architecture is missing",
                b -> rename(b, arch, "general.architectura")));
        all.add(gguf("text of bad UTF-8", "general.architecture is not valid UTF-8", b -> {
            byte[] changed = b.clone();
            changed[behind(b, "llama") - 1] = (byte) 0xff;
            return changed;
        }));
        for (String key : List.of("block_count", "embedding_length", "attention.head_count", "context_length")) {
            String name = "llama." + key;
            all.add(gguf(key + " missing", "", b -> rename(b, name, "llama.!" + name.substring(7))));
            all.add(gguf(key + " 0", "", b -> u32(b, behind(b, name) + 4, 0)));
            all.add(gguf(key + " beyond int", "2147483647 is possible", b -> u32(b, behind(b, name) + 4, -1)));
            all.add(gguf(key + " a float", "is not an integer", b -> u32(b, behind(b, name), 6)));
        }
        all.add(gguf(
                "rope base NaN", "a finite number", b -> u32(b, behind(b, "llama.rope.freq_base") + 4, 0x7fc00000)));
        all.add(gguf("boolean 7", "is the boolean 7", b -> {
            byte[] changed = b.clone();
            changed[behind(b, "tokenizer.ggml.add_bos_token") + 4] = 7;
            return changed;
        }));
        all.add(gguf(
                "heads that do not divide",
                "the first must be a multiple",
                b -> u32(b, behind(b, "llama.attention.head_count") + 4, 7)));
    }

    private static void ggufTensors(List<Broken> all) {
        String norm = "output_norm.weight";
        all.add(gguf("no axes", "has 0 axes", b -> u32(b, behind(b, norm), 0)));
        all.add(gguf("nine axes", "has 9 axes", b -> u32(b, behind(b, norm), 9)));
        all.add(gguf("extent 0", "has the extent 0", b -> u64(b, behind(b, norm) + 4, 0)));
        all.add(gguf("extent negative", "has the extent 18446744073709551615", b -> u64(b, behind(b, norm) + 4, -1)));
        all.add(gguf("extent huge", "has the extent 1099511627776", b -> u64(b, behind(b, norm) + 4, 1L << 40)));
        all.add(gguf("larger than any file", "", b -> {
            int at = behind(b, "output.weight");
            return u64(u64(b, at + 4, Integer.MAX_VALUE - 31), at + 12, Integer.MAX_VALUE);
        }));
        all.add(gguf("type 77", "has type id 77", b -> u32(b, behind(b, norm) + 12, 77)));
        all.add(gguf(
                "type of blocks that rows do not fill",
                "do not fill whole Q6_K blocks",
                b -> u32(b, behind(b, norm) + 12, 14)));
        all.add(gguf("offset not aligned", "not a multiple of 32", b -> u64(b, behind(b, norm) + 16, 33)));
        all.add(gguf("offset negative", "not a multiple of 32", b -> u64(b, behind(b, norm) + 16, -32)));
        all.add(gguf("offset beyond the end", "cut file", b -> u64(b, behind(b, norm) + 16, 1L << 45)));
        all.add(gguf("overlap", "inside its predecessor", b -> u64(b, behind(b, norm) + 16, 0)));
        all.add(gguf("name twice", "is there twice", b -> rename(b, "blk.0.attn_q.weight", "blk.0.attn_k.weight")));
        all.add(gguf(
                "unknown name",
                "has no place in a model",
                b -> rename(b, "blk.0.attn_q.weight", "blk.0.soul_q.weight")));
        all.add(gguf(
                "no embedding",
                "token_embd.weight is missing",
                b -> rename(b, "token_embd.weight", "token_embx.weight")));
        all.add(gguf("name of bad UTF-8", "a tensor's name is not valid UTF-8", b -> {
            byte[] changed = b.clone();
            changed[behind(b, norm) - 3] = (byte) 0x80;
            return changed;
        }));
        all.add(gguf("other shape", "asks for", b -> u64(b, behind(b, norm) + 4, 16)));
    }

    private static void ggufVocabularies(List<Broken> all) {
        String tokens = "tokenizer.ggml.tokens";
        all.add(gguf(
                "tokens missing", "tokenizer.ggml.tokens is missing", b -> rename(b, tokens, "tokenizer.ggml.tokexs")));
        all.add(gguf("array of arrays", "is an array of type id 9", b -> u32(b, behind(b, tokens) + 4, 9)));
        all.add(gguf("array of type 99", "is an array of type id 99", b -> u32(b, behind(b, tokens) + 4, 99)));
        all.add(gguf("array of negative length", "the length of array", b -> u64(b, behind(b, tokens) + 8, -1)));
        all.add(gguf("array of huge length", "the length of array", b -> u64(b, behind(b, tokens) + 8, 1L << 40)));
        all.add(gguf("array longer than the file", "bytes are too few", b -> u64(b, behind(b, tokens) + 8, 1 << 23)));
        all.add(gguf("unknown tokenizer", "tokenizer.ggml.model is 'gptx'", b -> rename(b, "gpt2", "gptx")));
        all.add(gguf(
                "unknown pre-tokenizer",
                "tokenizer.ggml.pre is 'llama-axe'",
                b -> rename(b, "llama-bpe", "llama-axe")));
        all.add(gguf("a token twice", "token '!' is in the vocabulary twice", b -> {
            byte[] changed = b.clone();
            changed[behind(b, "\"") - 1] = '!';
            return changed;
        }));
        all.add(gguf(
                "begin token outside",
                "the vocabulary has 1200 tokens",
                b -> u32(b, behind(b, "tokenizer.ggml.bos_token_id") + 4, 5000)));
        all.add(gguf(
                "merges missing",
                "tokenizer.ggml.merges is missing",
                b -> rename(b, "tokenizer.ggml.merges", "tokenizer.ggml.merxes")));
    }
}
