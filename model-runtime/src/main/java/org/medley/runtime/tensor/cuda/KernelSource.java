package org.medley.runtime.tensor.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.medley.runtime.tensor.KvPool;

/**
 * A kernel file with what it includes put in its place, so that a compiler needs no search path, and any compiler of
 * CUDA C++ takes it.
 *
 * @param name without ending
 */
public record KernelSource(String name, String text) {
    /** The kernel files there are. */
    public static final List<String> NAMES = List.of(
            "append",
            "attention_decode",
            "attention_mma",
            "attention_prefill",
            "dequantize",
            "elementwise",
            "embedding",
            "gemv",
            "lowrank",
            "mixture",
            "norm",
            "quantize",
            "rope",
            "sample");

    private static final Pattern INCLUDE = Pattern.compile("^#include \"([a-z_0-9]+\\.cuh)\"$", Pattern.MULTILINE);

    public static KernelSource of(String name) {
        return new KernelSource(name, "#define PAGE " + KvPool.PAGE + "\n" + inlined(name + ".cu"));
    }

    private static String inlined(String file) {
        return INCLUDE.matcher(read(file)).replaceAll(include -> Matcher.quoteReplacement(inlined(include.group(1))));
    }

    private static String read(String file) {
        try (InputStream in = KernelSource.class.getResourceAsStream("/cuda/" + file)) {
            if (in == null) {
                throw new IllegalArgumentException("there is no kernel file " + file);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
