package org.medley.runtime.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.medley.runtime.tensor.Ops;

/** What plans must keep for any shape: all is covered, and no bound of a device is passed. */
class PlansTest {
    /** What every device supported gives a block. */
    private static final int LEAST_SHARED = 99 << 10;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void attentionFitsEveryDevice(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 2000; i++) {
            int kv = 1 + random.nextInt(16);
            Ops.Heads heads = new Ops.Heads(kv * (1 + random.nextInt(16)), kv, 2 * (1 + random.nextInt(128)));
            int decodes = random.nextInt(65);
            int tiles = random.nextInt(20);
            int pages = 1 + random.nextInt(4096);
            int processors = 1 + random.nextInt(160);
            boolean rounded = random.nextBoolean();
            AttentionPlan plan = AttentionPlan.of(heads, rounded, decodes, tiles, pages, processors);
            String what = "seed " + seed + ": " + heads + " " + plan;
            assertThat(32 * plan.parts()).as(what).isGreaterThanOrEqualTo(heads.size());
            assertThat(plan.splits()).as(what).isBetween(1, Math.max(1, pages));
            assertThat(plan.decode() == null).as(what).isEqualTo(decodes == 0);
            assertThat(plan.prefill() == null).as(what).isEqualTo(tiles == 0);
            if (decodes > 0) {
                int chunks = plan.decode().x() / heads.kv();
                assertThat(chunks * plan.group()).as(what).isGreaterThanOrEqualTo(heads.count() / heads.kv());
                assertThat((chunks - 1) * plan.group()).as(what).isLessThan(heads.count() / heads.kv());
                assertThat(plan.decode().shared()).as(what).isLessThanOrEqualTo(LEAST_SHARED);
                assertThat(plan.decode().shared()).as(what).isGreaterThanOrEqualTo(4 * plan.group() * heads.size());
            }
            if (tiles > 0) {
                assertThat(plan.prefill().shared()).as(what).isLessThanOrEqualTo(LEAST_SHARED);
                assertThat(plan.together() > 0).as(what).isEqualTo(rounded && heads.size() % 8 == 0);
            }
            if (tiles > 0 && plan.together() > 0) {
                int chunks = plan.prefill().y() / heads.kv();
                int queries = heads.count() / heads.kv();
                assertThat(chunks * plan.together()).as(what).isBetween(queries, queries + plan.together() - 1);
                assertThat(plan.prefill().threads()).as(what).isEqualTo(64 * plan.together());
            }
        }
        Ops.Heads huge = new Ops.Heads(1, 1, 258);
        assertThatThrownBy(() -> AttentionPlan.of(huge, true, 1, 0, 1, 1)).hasMessageContaining("258");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void linearTakesAllRowsInPiecesThatStayAligned(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Product.Element[] elements = Product.Element.values();
        for (int i = 0; i < 2000; i++) {
            int m = 1 + random.nextInt(600);
            int n = 1 + random.nextInt(300_000);
            int k = 1 + random.nextInt(20_000);
            int which = random.nextInt(elements.length + 1);
            Product.Element stored = which == elements.length ? null : elements[which];
            int capability = new int[] {80, 89, 90, 100, 120}[random.nextInt(5)];
            LinearPlan plan = LinearPlan.of(capability, stored, m, n, k);
            String what = "seed " + seed + ": " + m + " x " + n + " x " + k + " of " + stored + " on " + capability
                    + " " + plan;
            assertThat(plan.kernelRows() > 0).as(what).isEqualTo(m <= 8);
            assertThat(plan.pieceRows()).as(what).isBetween(1, n);
            assertThat(plan.pieceRows() == n || plan.pieceRows() % 16 == 0)
                    .as(what)
                    .isTrue();
            if (m <= 8) {
                assertThat(plan.kernelRows()).as(what).isIn(1, 2, 4, 8).isGreaterThanOrEqualTo(m);
                assertThat(8 * plan.kernelGrid(n).x()).as(what).isGreaterThanOrEqualTo(n);
                assertThat(plan.rows()).as(what).isEqualTo(m);
                continue;
            }
            assertThat(plan.decoded()).as(what).isEqualTo(plan.element() != stored || stored == null);
            assertThat(plan.rows()).as(what).isBetween(m, Math.max(16 * Math.ceilDiv(m, 16), m + m / 4));
            assertThat(plan.rows() % 16).as(what).isZero();
            assertThat(new Product(plan.rows(), n, k, plan.element(), n))
                    .as(what)
                    .isNotNull();
        }
    }

    @Test
    void eightBitsAreMultipliedWhereTheDeviceCan() {
        for (Product.Element element : Product.Element.values()) {
            for (int capability : new int[] {80, 86, 89, 90, 100, 120}) {
                boolean can = switch (element) {
                    case F32, BF16 -> true;
                    case E4M3_TENSOR -> capability >= 89;
                    case E4M3_ROW, E4M3_BLOCK, E4M3_STRIP -> capability == 90;
                };
                LinearPlan plan = LinearPlan.of(capability, element, 9, 48, 256);
                String what = element + " on " + capability + " " + plan;
                assertThat(plan.element()).as(what).isEqualTo(can ? element : Product.Element.BF16);
                assertThat(plan.decoded()).as(what).isEqualTo(!can);
                // Shapes that tensor cores cannot take are decoded; few rows are left to the kernel.
                boolean whole = !element.eightBits();
                assertThat(LinearPlan.of(capability, element, 9, 40, 256).decoded())
                        .as(what)
                        .isEqualTo(!whole);
                assertThat(LinearPlan.of(capability, element, 9, 48, 250).decoded())
                        .as(what)
                        .isEqualTo(!whole);
                assertThat(LinearPlan.of(capability, element, 8, 48, 256).kernelRows())
                        .as(what)
                        .isEqualTo(8);
            }
        }
        assertThatThrownBy(() -> new Product(20, 48, 256, Product.Element.E4M3_BLOCK, 48))
                .hasMessageContaining("multiples of 16");
    }

    @Test
    void fewDifferentNumbersOfRowsComeUp() {
        assertThat(IntStream.rangeClosed(9, 4096)
                        .map(LinearPlan::bucket)
                        .distinct()
                        .count())
                .isLessThan(32);
        assertThat(IntStream.of(9, 16, 17, 64, 65, 128, 129, 500, 512).map(LinearPlan::bucket))
                .containsExactly(16, 16, 32, 64, 80, 128, 160, 512, 512);
    }
}
