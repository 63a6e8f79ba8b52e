package org.medley.training.trainer;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.medley.runtime.tensor.DType;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.Safetensors;
import org.medley.runtime.weights.SafetensorsWriter;
import org.medley.training.data.Feed;

/**
 * The states a run can go on from: folders {@code step-NNNNNNN}, each whole or absent, since it is renamed into place
 * after everything in it is on disk.
 */
final class Checkpoints {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final int keep;

    /**
     * @param fingerprint of recipe and data; a checkpoint of another run is not continued
     * @param position in the data
     */
    record State(int step, Feed.State position, String fingerprint, long tokens) {}

    Checkpoints(Path folder, int keep) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.keep = keep;
    }

    void save(State state, Map<String, Tensor> tensors) throws IOException {
        Path target = folder.resolve(String.format("step-%07d", state.step));
        Path partial = folder.resolve("partial");
        ModelWriter.delete(partial);
        Files.createDirectory(partial);
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        tensors.forEach(
                (name, tensor) -> declared.put(name, new SafetensorsWriter.Declared(DType.F32, tensor.shape())));
        try (SafetensorsWriter writer =
                new SafetensorsWriter(partial.resolve("state.safetensors"), declared, Map.of())) {
            for (var entry : tensors.entrySet()) {
                writer.write(entry.getKey(), entry.getValue());
            }
            writer.finish();
        }
        JSON.writeValue(partial.resolve("state.json").toFile(), state);
        ModelWriter.delete(target);
        Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        List<Path> all = list();
        for (Path old : all.subList(0, Math.max(0, all.size() - keep))) {
            ModelWriter.delete(old);
        }
    }

    /** Fills the tensors from the newest checkpoint; null if there is none. */
    State restore(String fingerprint, Map<String, Tensor> tensors) throws IOException {
        List<Path> all = list();
        if (all.isEmpty()) {
            return null;
        }
        Path newest = all.getLast();
        State state = JSON.readValue(newest.resolve("state.json").toFile(), State.class);
        if (!state.fingerprint.equals(fingerprint)) {
            throw new BadModelException(
                    newest, "belongs to another recipe or other data; remove the folder or restore them to go on");
        }
        try (Arena arena = Arena.ofShared()) {
            Map<String, Tensor> saved =
                    Safetensors.map(newest.resolve("state.safetensors"), arena).tensors();
            tensors.forEach((name, tensor) -> tensor.copyFrom(saved.get(name)));
        }
        return state;
    }

    private List<Path> list() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(p -> p.getFileName().toString().startsWith("step-"))
                    .sorted()
                    .toList();
        }
    }
}
