package org.medley.training.data;

import java.util.ArrayList;
import java.util.List;
import org.medley.runtime.digest.Sha256;
import org.medley.runtime.text.ChatTemplate;
import org.medley.runtime.text.ChatTemplate.Message;
import org.medley.runtime.text.Tokenizer;
import org.medley.runtime.weights.ModelSource;

/** Turns records into a model's tokens. Safe for use by several threads. */
public final class Encoder {
    /** Characters of the longest conversation; some sixteen times as many as a sequence has tokens. */
    static final int MAX_CHAT = 1 << 24;

    private final Tokenizer tokenizer;
    private final ChatMarker chats;
    private final int end;
    private final int vocabulary;
    private final String tokenizerHash;
    private final String templateHash;

    private Encoder(
            Tokenizer tokenizer,
            ChatTemplate template,
            int end,
            int vocabulary,
            String tokenizerHash,
            String templateHash) {
        this.tokenizer = tokenizer;
        this.chats = new ChatMarker(tokenizer, template);
        this.end = end;
        this.vocabulary = vocabulary;
        this.tokenizerHash = tokenizerHash;
        this.templateHash = templateHash;
    }

    /**
     * @param model whose tokenizer and chat template are used
     * @param tokenizer of that model; stays the caller's to close
     * @param end the token that ends a document
     * @param vocabulary ids below it are the model's
     */
    public static Encoder of(ModelSource model, Tokenizer tokenizer, int end, int vocabulary) {
        if (end < 0 || end >= vocabulary) {
            throw new IllegalArgumentException(
                    "end token " + end + " is not in the vocabulary, which has " + vocabulary + " tokens");
        }
        ChatTemplate template = ChatTemplate.of(model);
        Sha256 hash = new Sha256();
        for (String part : List.of(
                template.source(),
                model.specialTokens().bos(),
                model.specialTokens().eos())) {
            hash.addInt(part.length()).add(part);
        }
        return new Encoder(
                tokenizer,
                template,
                end,
                vocabulary,
                new Sha256().add(model.tokenizerJson()).hex(),
                hash.hex());
    }

    /** What of the model decides the tokens of a format; what does not is left open, so that stores are shared. */
    StoreSettings settings(Format format) {
        return new StoreSettings(
                StoreSettings.VERSION,
                format,
                format == Format.tokens ? "" : tokenizerHash,
                format.rendered() ? templateHash : "",
                format == Format.text ? end : -1,
                vocabulary);
    }

    /**
     * A row in tokens.
     *
     * @param examples marked tokens of each
     * @param goesOn whether the last example goes on in the next row
     */
    record Encoded(Place place, List<int[]> examples, boolean goesOn) {}

    Encoded encode(Row row, Format format) {
        Place place = row.place();
        boolean goesOn = row instanceof Row.Passage passage && passage.more();
        List<int[]> examples = switch (row.content(format)) {
            case Content.Text text -> List.of(document(text.text(), !goesOn));
            case Content.Chat chat -> List.of(chats.mark(chat.turns(), chat.learned(), place));
            case Content.Tokens tokens -> List.of(labelled(tokens, place));
            case Content.Pair pair ->
                List.of(answered(pair.prompt(), pair.chosen(), place), answered(pair.prompt(), pair.rejected(), place));
            case Content.Prompt prompt -> List.of(chats.prompt(prompt.turns(), place));
        };
        examples.forEach(example -> check(example, place));
        return new Encoded(place, examples, goesOn);
    }

    private void check(int[] marked, Place place) {
        for (int i = 0; i < marked.length; i++) {
            int token = Marked.token(marked[i]);
            if (token >= vocabulary) {
                throw place.refuse("token " + i + " is " + token + "; the model's vocabulary has the ids 0 to "
                        + (vocabulary - 1));
            }
        }
    }

    private int[] document(String text, boolean ends) {
        List<int[]> pieces = new ArrayList<>();
        int length = ends ? 1 : 0;
        for (String piece : Passages.of(text)) {
            int[] tokens = tokenizer.encode(piece);
            pieces.add(tokens);
            length += tokens.length;
        }
        int[] marked = new int[length];
        int at = 0;
        for (int[] piece : pieces) {
            for (int token : piece) {
                marked[at++] = Marked.of(token, true);
            }
        }
        if (ends) {
            marked[at] = Marked.of(end, true);
        }
        return marked;
    }

    private int[] labelled(Content.Tokens content, Place place) {
        int[] tokens = content.tokens();
        int[] marked = new int[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] < 0) {
                throw place.refuse("token " + i + " is " + tokens[i] + "; ids begin with 0");
            }
            marked[i] = Marked.of(tokens[i], content.labels()[i] != Content.IGNORED);
        }
        return marked;
    }

    private int[] answered(List<Message> prompt, String answer, Place place) {
        List<Message> turns = new ArrayList<>(prompt);
        turns.add(new Message("assistant", answer));
        boolean[] learned = new boolean[turns.size()];
        learned[learned.length - 1] = true;
        return chats.mark(turns, learned, place);
    }
}
