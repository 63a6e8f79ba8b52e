package org.medley.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.medley.runtime.tensor.Ops;
import org.medley.runtime.weights.BadModelException;

/** The values of a {@code config.json}; a missing or impossible one is refused by name. */
record ConfigReader(Path file, JsonNode json) {
    private static final int MAX_LAYERS = 10_000;

    int size(String key) {
        JsonNode node = json.path(key);
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.asInt() < 1) {
            throw new BadModelException(
                    file, key + " is " + (node.isMissingNode() ? "missing" : node) + "; it must be a positive integer");
        }
        return node.asInt();
    }

    /** Zero or more. */
    int count(String key) {
        JsonNode node = json.path(key);
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.asInt() < 0) {
            throw new BadModelException(
                    file,
                    key + " is " + (node.isMissingNode() ? "missing" : node) + "; it must be 0 or a positive integer");
        }
        return node.asInt();
    }

    int layers() {
        int layers = size("num_hidden_layers");
        if (layers > MAX_LAYERS) {
            throw new BadModelException(
                    file, "num_hidden_layers is " + layers + "; at most " + MAX_LAYERS + " are possible");
        }
        return layers;
    }

    double positive(String key, double otherwise) {
        if (!json.has(key)) {
            return otherwise;
        }
        double value = json.get(key).asDouble(Double.NaN);
        if (!(value > 0)) {
            throw new BadModelException(file, key + " is " + json.get(key) + "; it must be a positive number");
        }
        return value;
    }

    Ops.Heads heads(int count, int kv, int size) {
        try {
            return new Ops.Heads(count, kv, size);
        } catch (IllegalArgumentException e) {
            throw new BadModelException(file, e.getMessage(), e);
        }
    }

    /** Heads that share a width evenly. */
    Ops.Heads heads(int count, int width) {
        if (width % count != 0) {
            throw new BadModelException(file, "hidden_size " + width + " is no multiple of " + count + " heads");
        }
        return heads(count, count, width / count);
    }

    /** Which layers see a window, as {@code layer_types} lists them. */
    List<Boolean> slidingLayers(int layers) {
        JsonNode types = json.path("layer_types");
        if (types.size() != layers) {
            throw new BadModelException(file, "layer_types has " + types.size() + " entries for " + layers + " layers");
        }
        List<Boolean> slides = new ArrayList<>();
        for (JsonNode type : types) {
            if (!type.asText().matches("full_attention|sliding_attention")) {
                throw new BadModelException(
                        file, "layer_types has " + type + "; full_attention and sliding_attention are possible");
            }
            slides.add(type.asText().equals("sliding_attention"));
        }
        return slides;
    }

    /** The form of GELU under {@code key}. */
    Ops.Gelu gelu(String key) {
        String name = json.path(key).asText("gelu");
        return switch (name) {
            case "gelu" -> Ops.Gelu.ERF;
            case "gelu_new", "gelu_pytorch_tanh" -> Ops.Gelu.TANH;
            default ->
                throw new BadModelException(
                        file, key + " is '" + name + "'; gelu, gelu_new and gelu_pytorch_tanh can be served");
        };
    }

    /** The ids under {@code eos_token_id}, one or several. */
    Set<Integer> endTokens() {
        JsonNode node = json.path("eos_token_id");
        Stream<JsonNode> ids = node.isArray() ? StreamSupport.stream(node.spliterator(), false) : Stream.of(node);
        return ids.filter(JsonNode::isInt).map(JsonNode::asInt).collect(Collectors.toUnmodifiableSet());
    }
}
