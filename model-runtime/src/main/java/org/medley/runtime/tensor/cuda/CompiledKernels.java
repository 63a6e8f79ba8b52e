package org.medley.runtime.tensor.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Function;
import org.medley.runtime.digest.Sha256;

/**
 * Compiled kernels kept on disk, so that a device's kernels are compiled once. A file's name is the hash of all that
 * decides its contents; it is put there whole, so that two processes at once do no harm.
 */
public final class CompiledKernels {
    private final Path folder;

    public CompiledKernels(Path folder) {
        this.folder = folder;
    }

    /** Under the user's cache folder. */
    public static CompiledKernels ofUser() {
        String cache = System.getenv("XDG_CACHE_HOME");
        Path root =
                cache == null || cache.isBlank() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(cache);
        return new CompiledKernels(root.resolve("medley").resolve("kernels"));
    }

    /**
     * Where the compiled form of a source lies, after compiling it if it is not there yet.
     *
     * @param target what it is compiled for, as {@code sm_90a}
     * @param compiler its name and version
     */
    public Path path(KernelSource source, String target, String compiler, Function<KernelSource, byte[]> compile) {
        Path file = folder.resolve(source.name() + "-" + target + "-" + hash(source.text(), target, compiler));
        if (Files.exists(file)) {
            return file;
        }
        byte[] compiled = compile.apply(source);
        try {
            Files.createDirectories(folder);
            Path part = Files.createTempFile(folder, source.name(), ".part");
            Files.write(part, compiled);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("compiled kernels cannot be kept in " + folder, e);
        }
        return file;
    }

    private static String hash(String... parts) {
        Sha256 hash = new Sha256();
        for (String part : parts) {
            hash.add(part).add((byte) 0);
        }
        return hash.hex().substring(0, 32);
    }
}
