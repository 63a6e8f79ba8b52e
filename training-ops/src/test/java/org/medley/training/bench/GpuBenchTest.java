package org.medley.training.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.medley.runtime.tensor.cuda.EmulatedGpu;
import org.medley.training.data.Packed;
import org.medley.training.precision.Precision;

/** What the benchmark trains, on the emulated device. */
class GpuBenchTest {
    @ParameterizedTest
    @EnumSource(
            value = Precision.Kind.class,
            names = {"bf16", "fp8_block"})
    void aStudentLearnsItsData(Precision.Kind format) {
        assumeThat(EmulatedGpu.possible()).as("a C++ compiler").isTrue();
        Shape shape = new Shape(64, 32, 48, 1, 4, 2, 8, 16, 1);
        Precision precision = new Precision(format, Precision.Scales.power_of_two, 1);
        try (GpuStudent student = new GpuStudent(new EmulatedGpu(90), shape, precision, 1)) {
            Packed data = shape.data(new SplittableRandom(1));
            double first = student.step(data);
            double last = first;
            for (int step = 0; step < 4; step++) {
                last = student.step(data);
            }
            assertThat(first).isCloseTo(Math.log(64), within(0.1));
            assertThat(last).isLessThan(first - 0.05);
            assertThat(student.bytes()).isGreaterThan(16L * shape.weights());
        }
    }

    @Test
    void shapesAreThoseOfLlamasAndFitTheKernels() {
        Shape shape = GpuBench.shape(2048);
        assertThat(shape.intermediate()).isEqualTo(5632);
        assertThat(shape.heads() * shape.headSize()).isEqualTo(2048);
        assertThat(shape.heads() % shape.kvHeads()).isZero();
        assertThatThrownBy(() -> GpuBench.shape(1000)).hasMessageContaining("1000");
    }
}
