package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompiledKernelsTest {
    @TempDir
    private Path folder;

    @Test
    void eachSourceTargetAndCompilerIsCompiledOnceAndKept() throws Exception {
        CompiledKernels kernels = new CompiledKernels(folder.resolve("deep").resolve("er"));
        AtomicInteger compiled = new AtomicInteger();
        KernelSource one = new KernelSource("k", "one");
        Path first = path(kernels, one, "sm_80", "13.0", compiled);
        assertThat(Files.readString(first)).isEqualTo("binary of one");
        assertThat(path(kernels, one, "sm_80", "13.0", compiled)).isEqualTo(first);
        assertThat(compiled).hasValue(1);
        assertThat(path(kernels, new KernelSource("k", "two"), "sm_80", "13.0", compiled))
                .isNotEqualTo(first);
        assertThat(path(kernels, one, "sm_90a", "13.0", compiled)).isNotEqualTo(first);
        assertThat(path(kernels, one, "sm_80", "13.1", compiled)).isNotEqualTo(first);
        assertThat(compiled).hasValue(4);
        try (var files = Files.list(first.getParent())) {
            assertThat(files).hasSize(4).noneMatch(file -> file.toString().endsWith(".part"));
        }
    }

    private static Path path(
            CompiledKernels kernels, KernelSource source, String target, String compiler, AtomicInteger compiled) {
        return kernels.path(source, target, compiler, text -> {
            compiled.incrementAndGet();
            return ("binary of " + text.text()).getBytes(StandardCharsets.UTF_8);
        });
    }
}
