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
            "attention_back",
            "attention_back_mma",
            "attention_decode",
            "attention_mma",
            "attention_prefill",
            "column_sums",
            "cross_entropy",
            "dequantize",
            "elementwise",
            "elementwise_back",
            "embedding",
            "gemv",
            "lowrank",
            "mixture",
            "norm",
            "norm_back",
            "optimizer",
            "quantize",
            "quantize_tiles",
            "rope",
            "rope_back",
            "rows_back",
            "sample");

    private static final Pattern INCLUDE = Pattern.compile("^#include \"([a-z_0-9]+\\.cuh)\"$", Pattern.MULTILINE);

    public static KernelSource of(String name) {
        return new KernelSource(name, defined() + inlined(name + ".cu"));
    }

    /** What the host and the kernels must agree on. */
    private static String defined() {
        return define("PAGE", KvPool.PAGE)
                + define("TILE", AttentionPlan.TILE)
                + define("MMA_ROWS", AttentionPlan.MMA_ROWS)
                + define("WARPS", AttentionPlan.WARPS)
                + define("SCALED", Product.BLOCK)
                + define("PART_ROWS", CudaLowRank.ROWS)
                + define("PART_BYTES", CudaLowRank.PART_BYTES)
                + define("CHUNKS", CudaSampler.CHUNKS)
                + define("DRAW_INTS", CudaSampler.DRAW_INTS)
                + define("EDIT_INTS", CudaSampler.EDIT_INTS)
                + define("PICK_THREADS", CudaSampler.PICK_THREADS);
    }

    private static String define(String name, int value) {
        return "#define " + name + " " + value + "\n";
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
