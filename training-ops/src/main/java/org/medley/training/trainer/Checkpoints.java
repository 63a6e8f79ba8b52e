package org.medley.training.trainer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.weights.BadModelException;
import org.medley.runtime.weights.Safetensors;
import org.medley.runtime.weights.SafetensorsWriter;

/**
 * The states a run can go on from: folders {@code step-NNNNNNN}, each whole or absent, since it is renamed into place
 * after everything in it is on disk. Training waits while a state is copied, not while the copy is written.
 */
final class Checkpoints implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path folder;
    private final int keep;
    private final Map<String, Tensor> tensors;
    private final Arena arena = Arena.ofShared();
    /** What is being written; made with the first checkpoint. */
    private final Map<String, Tensor> copies = new LinkedHashMap<>();

    private final ExecutorService writer = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("checkpoint").factory());
    private Future<?> writing;

    /**
     * @param fingerprint of recipe and data; a checkpoint of another run is not continued
     * @param position of the objective in its data
     * @param tokens trained on so far
     */
    record State(int step, JsonNode position, SpikeGuard.State guard, String fingerprint, long tokens) {}

    /** @param tensors all that decides how the run goes on, by name */
    Checkpoints(Path folder, int keep, Map<String, Tensor> tensors) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.keep = keep;
        this.tensors = tensors;
    }

    /** Bytes that are held beside what is trained. */
    static long bytes(Map<String, Tensor> tensors) {
        return tensors.values().stream().mapToLong(t -> t.data().byteSize()).sum();
    }

    /** Takes the present state; returns when it is copied. The last one is on disk by then. */
    void save(State state) throws IOException {
        await();
        tensors.forEach((name, tensor) -> copies.computeIfAbsent(
                        name,
                        n -> new Tensor(
                                tensor.dtype(),
                                tensor.shape(),
                                arena.allocate(tensor.data().byteSize(), 64)))
                .copyFrom(tensor));
        writing = writer.submit(() -> {
            write(state);
            return null;
        });
    }

    /** Waits until what was saved is on disk. */
    void await() throws IOException {
        if (writing == null) {
            return;
        }
        try {
            writing.get();
        } catch (ExecutionException e) {
            throw new IOException("the checkpoint could not be written to " + folder + ": " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a checkpoint was written", e);
        } finally {
            writing = null;
        }
    }

    private void write(State state) throws IOException {
        Path target = folder.resolve(String.format("step-%07d", state.step));
        Path partial = folder.resolve("partial");
        ModelWriter.delete(partial);
        Files.createDirectory(partial);
        Map<String, SafetensorsWriter.Declared> declared = new LinkedHashMap<>();
        copies.forEach(
                (name, tensor) -> declared.put(name, new SafetensorsWriter.Declared(tensor.dtype(), tensor.shape())));
        try (SafetensorsWriter file = new SafetensorsWriter(partial.resolve("state.safetensors"), declared, Map.of())) {
            for (var entry : copies.entrySet()) {
                file.write(entry.getKey(), entry.getValue());
            }
            file.finish();
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
    State restore(String fingerprint) throws IOException {
        await();
        List<Path> all = list();
        if (all.isEmpty()) {
            return null;
        }
        Path newest = all.getLast();
        State state = JSON.readValue(newest.resolve("state.json").toFile(), State.class);
        if (!state.fingerprint.equals(fingerprint)) {
            throw new BadModelException(
                    newest,
                    "belongs to another recipe, model or other data; remove the folder or restore them to go on");
        }
        try (Arena mapping = Arena.ofShared()) {
            Map<String, Tensor> saved = Safetensors.map(newest.resolve("state.safetensors"), mapping)
                    .tensors();
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

    /** Waits for what is being written. */
    @Override
    public void close() throws IOException {
        try {
            await();
        } finally {
            writer.shutdown();
            arena.close();
        }
    }
}
