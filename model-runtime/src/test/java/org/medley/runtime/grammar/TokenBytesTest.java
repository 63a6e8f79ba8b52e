package org.medley.runtime.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.medley.runtime.text.Tokenizer;
import org.medley.runtime.weights.BadModelException;

class TokenBytesTest {
    private static final Path STARTER = Path.of("../starter/model/tokenizer.json");

    @TempDir
    Path folder;

    private Path file(String json) throws IOException {
        return Files.writeString(folder.resolve("tokenizer.json"), json);
    }

    private static String text(TokenBytes tokens, int id) {
        return new String(tokens.bytes(id), StandardCharsets.UTF_8);
    }

    @Test
    void aByteLevelVocabularyIsReadThroughItsAlphabet() throws IOException {
        TokenBytes tokens = TokenBytes.read(file("""
                {"version":"1.0","added_tokens":[
                  {"id":5,"content":"<|im_end|>","special":true},
                  {"id":6,"content":"<tool_call>","special":false},
                  {"id":9,"content":"  é","special":false}],
                 "normalizer":null,"pre_tokenizer":{"type":"ByteLevel"},
                 "decoder":{"type":"ByteLevel","add_prefix_space":true},
                 "model":{"type":"BPE","dropout":null,"merges":[["a","b"],["c","d"]],
                  "vocab":{"a":0,"Ġthe":1,"Ċ":2,"Ã":3,"©":4,"Ã©Ń":7}}}
                """));
        assertThat(tokens.size()).isEqualTo(10);
        assertThat(text(tokens, 0)).isEqualTo("a");
        assertThat(text(tokens, 1)).isEqualTo(" the");
        assertThat(text(tokens, 2)).isEqualTo("\n");
        assertThat(tokens.bytes(3)).containsExactly(0xC3);
        assertThat(tokens.bytes(4)).containsExactly(0xA9);
        assertThat(tokens.bytes(7)).containsExactly(0xC3, 0xA9, 0xAD);
        assertThat(tokens.special(5)).isTrue();
        assertThat(tokens.text(5)).isFalse();
        assertThat(tokens.asText(5).text(5)).isTrue();
        assertThat(text(tokens, 6)).isEqualTo("<tool_call>");
        assertThat(tokens.text(6)).isTrue();
        assertThat(tokens.text(8)).isFalse();
        assertThat(text(tokens, 9)).isEqualTo("  é");
        assertThat(tokens.text(-1)).isFalse();
        assertThat(tokens.text(10)).isFalse();
        assertThat(tokens.dropsFirstSpace()).isFalse();
    }

    @Test
    void sentencePieceVocabulariesAreReadWithTheirByteTokens() throws IOException {
        TokenBytes bpe = TokenBytes.read(file("""
                {"added_tokens":[{"id":0,"content":"<unk>","special":true}],
                 "decoder":{"type":"Sequence","decoders":[
                  {"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
                  {"type":"Strip","content":" ","start":1,"stop":0}]},
                 "model":{"type":"BPE","byte_fallback":true,"merges":[],
                  "vocab":{"<unk>":0,"<0x0A>":1,"<0xe2>":2,"▁the▁":3,"é":4,"<0xZZ>":5}}}
                """));
        assertThat(bpe.dropsFirstSpace()).isTrue();
        assertThat(bpe.text(0)).isFalse();
        assertThat(text(bpe, 1)).isEqualTo("\n");
        assertThat(bpe.bytes(2)).containsExactly(0xE2);
        assertThat(text(bpe, 3)).isEqualTo(" the ");
        assertThat(text(bpe, 4)).isEqualTo("é");
        assertThat(text(bpe, 5)).isEqualTo("<0xZZ>");
        String unigram = """
                {"added_tokens":[],"decoder":{"type":"Metaspace","replacement":"▁","prepend_scheme":"%s"},
                 "model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["▁a",-1.5],["<0x41>",-2.0]]}}
                """;
        TokenBytes always = TokenBytes.read(file(unigram.formatted("always")));
        assertThat(always.dropsFirstSpace()).isTrue();
        assertThat(always.size()).isEqualTo(3);
        assertThat(text(always, 1)).isEqualTo(" a");
        assertThat(text(always, 2)).isEqualTo("A");
        assertThat(TokenBytes.read(file(unigram.formatted("never"))).dropsFirstSpace())
                .isFalse();
    }

    /** Tokens are decoded between two others, since a decoder may treat the first one in its own way. */
    @Test
    void bytesAgreeWithWhatTheTokenizerDecodes() throws IOException {
        String small = """
                {"version":"1.0","truncation":null,"padding":null,"normalizer":null,"pre_tokenizer":null,
                 "post_processor":null,"added_tokens":[],
                 "decoder":{"type":"Sequence","decoders":[
                  {"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
                  {"type":"Strip","content":" ","start":1,"stop":0}]},
                 "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,
                  "end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":true,"merges":[],
                  "vocab":{"x":0,"<0x0A>":1,"<0xC3>":2,"<0xA9>":3,"▁the":4,"é":5,"▁▁":6,"<":7}}}
                """;
        assertThat(agreeing(file(small), 0)).isEqualTo(6);
        assertThat(agreeing(STARTER, 100)).isGreaterThan(3800);
    }

    private static int agreeing(Path file, int mark) {
        TokenBytes tokens = TokenBytes.read(file);
        int compared = 0;
        try (Tokenizer tokenizer = new Tokenizer(file)) {
            for (int id = 0; id < tokens.size(); id++) {
                String text = text(tokens, id);
                if (tokens.text(id) && text.indexOf('\uFFFD') < 0) {
                    String marked = text(tokens, mark);
                    assertThat(tokenizer.decode(new int[] {mark, id, mark}, true))
                            .as("token %d", id)
                            .isEqualTo(marked + text + marked);
                    compared++;
                }
            }
        }
        return compared;
    }

    @Test
    void aTextsTokensHaveItsBytes() {
        TokenBytes tokens = TokenBytes.read(STARTER);
        String text = "Żółć: 37,2 °C – «naïve» 😀\n\t{\"a\": [1, 2]}";
        List<Byte> bytes = new ArrayList<>();
        try (Tokenizer tokenizer = new Tokenizer(STARTER)) {
            for (int id : tokenizer.encode(text)) {
                for (byte b : tokens.bytes(id)) {
                    bytes.add(b);
                }
            }
        }
        byte[] joined = new byte[bytes.size()];
        for (int i = 0; i < joined.length; i++) {
            joined[i] = bytes.get(i);
        }
        assertThat(new String(joined, StandardCharsets.UTF_8)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    [1] | is not a JSON object
                    {"model":{"type":"BPE","vocab":{}}} | has no tokens under model.vocab
                    {"model":{"type":"WordPiece","vocab":{"a":0}}} | model.type is WordPiece; BPE and Unigram vocabularies are supported
                    {"model":{"type":"BPE","vocab":{"a":-1}}} | token id -1 is not from 0 to 4194303
                    {"model":{"type":"BPE","vocab":{"a":9999999}}} | token id 9999999 is not from 0 to 4194303
                    {"model":{"type":"BPE","vocab":{"a":0}}} | decoder is neither byte-level nor SentencePiece's
                    {"decoder":{"type":"WordPiece"},"model":{"vocab":{"a":0}}} | decoder {"type":"WordPiece"} is not known
                    {"decoder":{"type":"Strip","content":"_","start":1},"model":{"vocab":{"a":0}}} | decoder {"type":"Strip"
                    {"added_tokens":[{"id":1}],"decoder":{"type":"ByteLevel"},"model":{"vocab":{"a":0}}} | added_tokens has an entry without id and content
                    {"model" | cannot be read as a tokenizer
                    """)
    void filesThatAreNoSuchVocabularyAreRefused(String json, String problem) throws IOException {
        Path file = file(json);
        assertThatThrownBy(() -> TokenBytes.read(file))
                .isInstanceOf(BadModelException.class)
                .hasMessageStartingWith(file + ": " + problem);
    }

    @Test
    void aVocabularyNeedsAnEndAndIsKnownByItsContent() {
        byte[][] bytes = {"a".getBytes(StandardCharsets.UTF_8), null};
        TokenBytes tokens = TokenBytes.of(bytes, new boolean[2], false);
        assertThatThrownBy(() -> new Vocabulary(tokens)).hasMessageContaining("needs an end-of-sequence token");
        assertThatThrownBy(() -> new Vocabulary(tokens, -1)).hasMessageContaining("needs an end-of-sequence token");
        assertThatThrownBy(() -> TokenBytes.of(bytes, new boolean[1], false))
                .hasMessageContaining("2 tokens and 1 flags");
        Vocabulary vocabulary = new Vocabulary(tokens, 1, 70);
        assertThat(vocabulary.size()).isEqualTo(71);
        assertThat(vocabulary.maskWords()).isEqualTo(2);
        assertThat(vocabulary.identity())
                .isEqualTo(new Vocabulary(TokenBytes.of(bytes, new boolean[2], false), 70, 1).identity())
                .isNotEqualTo(new Vocabulary(tokens, 1).identity())
                .isNotEqualTo(new Vocabulary(TokenBytes.of(bytes, new boolean[2], true), 1, 70).identity());
    }
}
