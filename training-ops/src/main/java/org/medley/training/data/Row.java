package org.medley.training.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;

/** One record as it was read, not yet looked into: that may be done on another thread. */
sealed interface Row {
    Place place();

    /** About how much memory it holds. */
    long bytes();

    /** The record as JSON. */
    JsonNode object();

    /** What the record says. */
    default Content content(Format format) {
        return Content.of(object(), format, place());
    }

    /** The bytes of the record's JSON. */
    byte[] original();

    /**
     * A line of a JSONL file.
     *
     * @param last whether no line break follows, so that it may have been cut
     */
    record Line(Place place, byte[] json, boolean last) implements Row {
        @Override
        public long bytes() {
            return json.length;
        }

        @Override
        public JsonNode object() {
            return Json.parse(json, place, last);
        }

        @Override
        public byte[] original() {
            return json;
        }
    }

    /** A row of a Parquet file. */
    record Columns(Place place, JsonNode object, long bytes) implements Row {
        @Override
        public byte[] original() {
            return object.toString().getBytes(StandardCharsets.UTF_8);
        }
    }

    /**
     * A piece of a document that is a whole file.
     *
     * @param more whether the document goes on in the next row
     */
    record Passage(Place place, String text, boolean more) implements Row {
        @Override
        public long bytes() {
            return 2L * text.length();
        }

        @Override
        public JsonNode object() {
            throw place.refuse("is plain text, which has no fields");
        }

        @Override
        public Content content(Format format) {
            return new Content.Text(text);
        }

        @Override
        public byte[] original() {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }
}
