package org.medley.training.trainer;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.training.data.Packed;
import org.medley.training.data.Piece;

/**
 * What the start model thinks of the answers of pairs. Worked out once, before it is trained, and kept: no second model
 * is in memory.
 */
final class References {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, Double> scores;

    private References(Map<String, Double> scores) {
        this.scores = scores;
    }

    /** Those of a run that was begun, or new ones, kept for when it goes on. */
    static References of(
            Path file,
            Student student,
            List<PairObjective.Pair> pairs,
            boolean means,
            int microTokens,
            RunListener listener)
            throws IOException {
        if (Files.exists(file)) {
            return new References(JSON.readValue(file.toFile(), new TypeReference<Map<String, Double>>() {}));
        }
        Map<String, Double> scores = new LinkedHashMap<>();
        List<PairObjective.Pass> passes = PairObjective.Pass.of(pairs, microTokens);
        long told = System.nanoTime();
        for (int p = 0; p < passes.size(); p++) {
            if (listener.cancelled()) {
                throw new RunCancelledException(0);
            }
            if (System.nanoTime() - told > 2_000_000_000L) {
                told = System.nanoTime();
                listener.message("asks the start model about the pairs: " + 100 * p / passes.size() + " %");
            }
            PairObjective.Pass pass = passes.get(p);
            Packed packed = pass.packed();
            float[] losses = student.losses(student.network(), packed.batch(), packed.rows(), packed.targets());
            double[] found = PairObjective.scores(losses, pass.starts(), means);
            for (int i = 0; i < pass.pairs().size(); i++) {
                scores.put(key(pass.pairs().get(i).better()), found[2 * i]);
                scores.put(key(pass.pairs().get(i).worse()), found[2 * i + 1]);
            }
        }
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        JSON.writeValue(partial.toFile(), scores);
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        return new References(scores);
    }

    private static String key(Piece piece) {
        return piece.store().sha256() + ":" + piece.example();
    }

    double of(Piece piece) {
        return scores.get(key(piece));
    }
}
