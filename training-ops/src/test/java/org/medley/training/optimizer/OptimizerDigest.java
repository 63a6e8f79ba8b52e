package org.medley.training.optimizer;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.medley.runtime.tensor.Tensor;
import org.medley.training.parallel.Compression;
import org.medley.training.parallel.ExchangeSettings;
import org.medley.training.parallel.LocalExchange;

/** A process that prints digests of what optimizers and exchanges make of drawn gradients. */
public final class OptimizerDigest {
    private OptimizerDigest() {}

    /** @param args rows and columns of the matrix that is trained, and steps */
    public static void main(String[] args) {
        int rows = Integer.parseInt(args[0]);
        int cols = Integer.parseInt(args[1]);
        int steps = Integer.parseInt(args[2]);
        for (Method method : Method.values()) {
            try (Arena arena = Arena.ofShared()) {
                List<Parameter> parameters = OptimizersTest.parameters(arena, rows, cols, 1);
                Optimizer optimizer = Optimizers.make(OptimizersTest.small(method), parameters, States.in(arena));
                Draw draw = new Draw(2);
                double norms = 0;
                for (int step = 1; step <= steps; step++) {
                    Map<String, Tensor> gradients = OptimizersTest.gradients(arena, parameters, draw);
                    norms += GradientNorm.of(gradients);
                    optimizer.step(gradients, step, 0.01f, 0.7f);
                }
                CRC32 digest = new CRC32();
                parameters.forEach(p -> digest.update(p.value().data().toArray(ValueLayout.JAVA_BYTE)));
                optimizer
                        .states()
                        .tensors()
                        .values()
                        .forEach(t -> digest.update(t.data().toArray(ValueLayout.JAVA_BYTE)));
                System.out.println(method + " " + digest.getValue() + " " + norms);
            }
        }
        for (Compression compression : Compression.values()) {
            try (Arena arena = Arena.ofShared()) {
                List<Parameter> parameters = OptimizersTest.parameters(arena, rows, cols, 1);
                LocalExchange exchange =
                        new LocalExchange(ExchangeSettings.of(compression), 2, parameters, States.in(arena));
                Draw draw = new Draw(3);
                CRC32 digest = new CRC32();
                for (int step = 1; step <= steps; step++) {
                    var gradients = List.of(
                            OptimizersTest.gradients(arena, parameters, draw),
                            OptimizersTest.gradients(arena, parameters, draw));
                    exchange.average(gradients, step);
                    digest.update(gradients.get(1).get("w").data().toArray(ValueLayout.JAVA_BYTE));
                }
                System.out.println(compression + " " + digest.getValue());
            }
        }
    }
}
