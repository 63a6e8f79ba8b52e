package org.medley.runtime.grammar;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.SplittableRandom;

/** Random JSON Schemas over all keywords that are supported, nested and recursive; most of them can be satisfied. */
final class RandomSchemas {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String[] NAMES = {
        "a", "id", "name", "naïve", "x1", "type", "q\"uote", "back\\slash", "tab\t", ""
    };
    private static final String[] PATTERNS = {
        "^[a-z]{2,5}$",
        "ab+",
        "^(foo|bar)?[0-9]+$",
        "^\\w+@x\\.y$",
        "\\d{3}",
        "^[^\"]{0,4}$",
        "^é|ß$",
        "a.c",
        "[\\s\\S]*z$"
    };
    private static final String[] FORMATS = {
        "date", "time", "date-time", "uuid", "ipv4", "ipv6", "duration", "hostname", "uri"
    };

    private final SplittableRandom random;
    /** What is referred to does not refer back, but for the tree's own members. */
    private boolean references;

    RandomSchemas(SplittableRandom random) {
        this.random = random;
    }

    ObjectNode next() {
        references = true;
        ObjectNode schema = any(3);
        ObjectNode defs = JSON.objectNode();
        references = false;
        defs.set("leaf", any(1));
        ObjectNode tree = object(1);
        tree.withObject("/properties").set("child", ref("tree"));
        tree.withObject("/properties").set("more", array(JSON.objectNode().put("$ref", "#/$defs/tree")));
        if (tree.has("maxProperties")) {
            tree.remove("maxProperties");
        }
        defs.set("tree", tree);
        schema.set("$defs", defs);
        return schema;
    }

    private ObjectNode ref(String name) {
        return JSON.objectNode().put("$ref", "#/$defs/" + name);
    }

    private ObjectNode any(int depth) {
        ObjectNode schema = switch (random.nextInt(depth > 0 ? 20 : 11)) {
            case 0 -> JSON.objectNode().put("type", "null");
            case 1 -> JSON.objectNode().put("type", "boolean");
            case 2, 3 -> number("integer");
            case 4 -> number("number");
            case 5, 6 -> string();
            case 7 -> literals();
            case 8 -> types();
            case 9 -> depth > 0 ? JSON.objectNode() : number("integer");
            case 10 -> !references ? string() : ref(depth > 1 && random.nextBoolean() ? "tree" : "leaf");
            case 11 -> choice("anyOf", depth);
            case 12 -> oneOf();
            case 13 -> allOf(depth);
            case 14, 15 -> array(any(depth - 1));
            case 16 -> tuple(depth);
            default -> object(depth);
        };
        if (random.nextInt(5) == 0) {
            schema.put("title", "a title").put("description", "what it is").put("default", 7);
        }
        return schema;
    }

    private ObjectNode number(String type) {
        ObjectNode schema = JSON.objectNode().put("type", type);
        boolean integer = type.equals("integer");
        BigDecimal low = BigDecimal.valueOf(random.nextInt(-3000, 3000), integer ? 0 : random.nextInt(4));
        BigDecimal high = low.add(BigDecimal.valueOf(random.nextInt(1, 2000), integer ? 0 : random.nextInt(3)));
        if (random.nextInt(3) > 0) {
            schema.put(random.nextBoolean() ? "minimum" : "exclusiveMinimum", low.subtract(BigDecimal.ONE));
        }
        if (random.nextInt(3) > 0) {
            schema.put(random.nextBoolean() ? "maximum" : "exclusiveMaximum", high);
        }
        if (integer && random.nextInt(6) == 0) {
            schema.put("multipleOf", 1);
        }
        return schema;
    }

    private ObjectNode string() {
        ObjectNode schema = JSON.objectNode().put("type", "string");
        switch (random.nextInt(5)) {
            case 0 -> schema.put("pattern", PATTERNS[random.nextInt(PATTERNS.length)]);
            case 1 -> schema.put("format", FORMATS[random.nextInt(FORMATS.length)]);
            case 2 ->
                schema.put("pattern", PATTERNS[random.nextInt(PATTERNS.length)])
                        .put("maxLength", 4 + random.nextInt(10));
            case 3 -> schema.put("minLength", random.nextInt(4)).put("maxLength", 3 + random.nextInt(40));
            default -> {}
        }
        return schema;
    }

    private ObjectNode literals() {
        ObjectNode schema = JSON.objectNode();
        if (random.nextInt(3) == 0) {
            return schema.put("const", NAMES[random.nextInt(NAMES.length)]);
        }
        ArrayNode values = schema.putArray("enum").add("é\"1").add(NAMES[random.nextInt(NAMES.length)]);
        if (random.nextBoolean()) {
            values.add(random.nextInt(100))
                    .add(new BigDecimal("1.50"))
                    .addNull()
                    .add(true);
            values.addObject().put("a", 1).putArray("b").add(2).add("x\n");
        }
        if (random.nextBoolean()) {
            schema.put("type", "string");
        }
        return schema;
    }

    private ObjectNode types() {
        ObjectNode schema = JSON.objectNode();
        ArrayNode types = schema.putArray("type").add("null");
        types.add(random.nextBoolean() ? "string" : "array").add(random.nextBoolean() ? "integer" : "number");
        if (random.nextBoolean()) {
            schema.put("minimum", random.nextInt(50))
                    .put("maxLength", random.nextInt(5))
                    .put("maxItems", 2);
        }
        return schema;
    }

    private ObjectNode choice(String keyword, int depth) {
        ObjectNode schema = JSON.objectNode();
        ArrayNode options = schema.putArray(keyword);
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            options.add(any(depth - 1));
        }
        return schema;
    }

    /** Objects told apart by a constant, and other types. */
    private ObjectNode oneOf() {
        ObjectNode schema = JSON.objectNode();
        ArrayNode options = schema.putArray("oneOf");
        for (String kind : new String[] {"cat", "catfish"}) {
            ObjectNode option = options.addObject().put("type", "object");
            option.putObject("properties").putObject("kind").put("const", kind);
            option.withObject("/properties").set(NAMES[random.nextInt(NAMES.length)], any(0));
            option.putArray("required").add("kind");
        }
        options.add(string());
        options.add(number("integer"));
        return schema;
    }

    private ObjectNode allOf(int depth) {
        ObjectNode schema = JSON.objectNode();
        ArrayNode parts = schema.putArray("allOf");
        switch (random.nextInt(4)) {
            case 0 -> {
                parts.addObject().put("type", "integer").put("minimum", random.nextInt(-50, 50));
                parts.addObject().put("type", "number").put("exclusiveMaximum", 60.5 + random.nextInt(1000));
            }
            case 1 -> {
                parts.addObject().put("pattern", "^[a-c]*$");
                parts.addObject().put("type", "string").put("minLength", 2).put("pattern", "b");
            }
            case 2 -> {
                parts.add(object(depth - 1));
                parts.add(object(depth - 1));
                parts.forEach(part -> ((ObjectNode) part).remove("additionalProperties"));
            }
            default -> {
                ObjectNode base = object(depth - 1);
                parts.add(base);
                ArrayNode any = parts.addObject().put("type", "object").putArray("anyOf");
                any.addObject().putArray("required").add("id");
                any.addObject().putArray("required").add("other");
            }
        }
        return schema;
    }

    private ObjectNode array(ObjectNode items) {
        ObjectNode schema = JSON.objectNode().put("type", "array");
        schema.set("items", items);
        if (random.nextBoolean()) {
            int min = random.nextInt(4);
            schema.put("minItems", items.has("$ref") ? 0 : min).put("maxItems", min + random.nextInt(5));
        }
        return schema;
    }

    private ObjectNode tuple(int depth) {
        ObjectNode schema = JSON.objectNode().put("type", "array");
        schema.putArray("prefixItems").add(any(depth - 1)).add(any(0));
        if (random.nextBoolean()) {
            schema.put("items", false);
        } else if (random.nextBoolean()) {
            schema.set("items", any(0));
        }
        if (random.nextBoolean()) {
            schema.put("minItems", random.nextInt(3));
        }
        return schema;
    }

    private ObjectNode object(int depth) {
        ObjectNode schema = JSON.objectNode().put("type", "object");
        int count = random.nextInt(5);
        ObjectNode properties = schema.putObject("properties");
        ArrayNode required = JSON.arrayNode();
        for (int i = 0; i < count; i++) {
            String name = NAMES[random.nextInt(NAMES.length)];
            if (!properties.has(name) && random.nextInt(3) == 0) {
                required.add(name);
            }
            properties.set(name, any(depth - 1));
        }
        if (random.nextInt(6) == 0) {
            required.add("unlisted");
        }
        if (!required.isEmpty()) {
            schema.set("required", required);
        }
        switch (random.nextInt(5)) {
            case 0 -> schema.put("additionalProperties", required.toString().contains("unlisted"));
            case 1 -> schema.put("additionalProperties", true);
            case 2 -> schema.set("additionalProperties", any(0));
            default -> {}
        }
        if (random.nextInt(6) == 0) {
            schema.putObject("patternProperties").putObject("^p[0-9]*$").put("type", "integer");
            schema.withObject("/patternProperties").putObject("[0-9]$").put("minimum", 3);
        }
        if (random.nextInt(6) == 0) {
            schema.put("minProperties", Math.min(properties.size(), random.nextInt(3)));
        }
        if (random.nextInt(6) == 0) {
            schema.put("maxProperties", required.size() + random.nextInt(3));
        }
        return schema;
    }
}
