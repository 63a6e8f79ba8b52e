package org.medley.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * A schema and where it stands in its document. Keywords are known to be of their right form ({@link SchemaDocument}).
 *
 * @param place a JSON pointer as a URI fragment
 */
record SchemaNode(JsonNode json, String place) {
    boolean has(String keyword) {
        return json.has(keyword);
    }

    JsonNode get(String keyword) {
        return json.get(keyword);
    }

    String place(String keyword) {
        return place + "/" + escape(keyword);
    }

    BigDecimal decimal(String keyword) {
        return json.get(keyword).decimalValue();
    }

    /** A count, or {@code absent}. */
    int count(String keyword, int absent) {
        return has(keyword) ? json.get(keyword).intValue() : absent;
    }

    String text(String keyword) {
        return json.get(keyword).textValue();
    }

    /** The schema that is the keyword's value. */
    SchemaNode child(String keyword) {
        return new SchemaNode(json.get(keyword), place(keyword));
    }

    /** The schema under a name in the keyword's value. */
    SchemaNode child(String keyword, String name) {
        return new SchemaNode(json.get(keyword).get(name), place(keyword) + "/" + escape(name));
    }

    /** The schemas listed by the keyword; none if it is absent. */
    List<SchemaNode> children(String keyword) {
        List<SchemaNode> children = new ArrayList<>();
        if (has(keyword)) {
            for (JsonNode child : json.get(keyword)) {
                children.add(new SchemaNode(child, place(keyword) + "/" + children.size()));
            }
        }
        return children;
    }

    /** The member names of the keyword's value, in order; none if it is absent. */
    List<String> names(String keyword) {
        List<String> names = new ArrayList<>();
        if (has(keyword)) {
            json.get(keyword).fieldNames().forEachRemaining(names::add);
        }
        return names;
    }

    private static String escape(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }
}
