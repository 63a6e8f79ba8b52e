package org.medley.training.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JobHistoryTest {
    private static final UUID TENANT = UUID.randomUUID();
    private static TestDatabase database;
    private static JobQueue queue;
    private static JobHistory history;

    private Job held;

    @BeforeAll
    static void start() throws Exception {
        database = TestDatabase.start();
        queue = new JobQueue(database.dataSource());
        history = database.history();
    }

    @AfterAll
    static void stop() throws Exception {
        database.close();
    }

    @BeforeEach
    void job() throws Exception {
        database.execute("TRUNCATE training_job CASCADE");
        queue.submit(new Submission(TENANT, "admin", "job", "train", null, "", Map.of()));
        held = queue.claim("w").orElseThrow();
    }

    private Job now() {
        return queue.find(TENANT, held.id()).orElseThrow();
    }

    @Test
    void theJobKnowsTheLastValueOfEachMetric() {
        queue.metric(held, 1, Map.of("loss", 3.0, "evaluationLoss", 3.5));
        queue.metric(held, 2, Map.of("loss", 2.0));
        assertThat(now().latest()).isEqualTo(Map.of("loss", 2.0, "evaluationLoss", 3.5));
    }

    @Test
    void aLossThatIsNoNumberIsKeptAsSuch() {
        queue.metric(held, 1, Map.of("loss", Double.NaN, "gradientNorm", Double.POSITIVE_INFINITY));
        assertThat(history.metrics(held.id(), -1).getFirst().values())
                .isEqualTo(Map.of("loss", Double.NaN, "gradientNorm", Double.POSITIVE_INFINITY));
        assertThat(history.curve(held.id(), -1, 2)).hasSize(1);
    }

    /** Many steps at once. */
    private void tell(int steps, String values) throws Exception {
        database.execute("INSERT INTO training_metric (job_id, step, \"values\") SELECT '" + held.id() + "', step, "
                + values + " FROM generate_series(1, " + steps + ") step");
    }

    @Test
    void aLongCurveIsThinnedWithoutLosingSpikesEvaluationsOrItsEnds() throws Exception {
        tell(
                1000,
                "jsonb_build_object('loss', CASE WHEN step = 777 THEN 50.0 ELSE 2.0 - step / 1000.0 END)"
                        + " || CASE WHEN step % 97 = 0 THEN '{\"evaluationLoss\": 1.0}'::jsonb ELSE '{}' END");
        List<Metric> curve = history.curve(held.id(), -1, 100);
        List<Integer> steps = curve.stream().map(Metric::step).toList();
        assertThat(steps).isSorted().doesNotHaveDuplicates().hasSizeBetween(50, 120);
        assertThat(steps).contains(1, 777, 1000, 97, 194, 291, 388, 485, 582, 679, 776, 873, 970);
        assertThat(history.curve(held.id(), -1, 1000)).as("nothing to thin").hasSize(1000);
        assertThat(history.curve(held.id(), 990, 100))
                .extracting(Metric::step)
                .startsWith(991)
                .hasSize(10);
    }

    @Test
    void evenWhereEveryStepIsEvaluatedThePointsAreBounded() throws Exception {
        tell(600, "'{\"loss\": 1.0, \"evaluationLoss\": 1.0}'::jsonb");
        assertThat(history.curve(held.id(), -1, 50)).hasSizeBetween(25, 110);
    }

    @Test
    void thePaceIsTheMedianOfTheLastStepsWhateverLiesBetween() throws Exception {
        assertThat(history.stepSeconds(List.of())).isEmpty();
        queue.metric(held, 1, Map.of("loss", 1.0));
        assertThat(history.stepSeconds(List.of(held.id())))
                .as("one step has no pace")
                .isEmpty();
        for (int step = 2; step <= 60; step++) {
            queue.metric(held, step, Map.of("loss", 1.0));
        }
        // Two seconds a step since step 20, an hour's pause before step 50, and slow ones long ago.
        database.execute("UPDATE training_metric SET at = timestamptz '2026-01-01' + step * interval '2 s'"
                + " + CASE WHEN step >= 50 THEN interval '1 h' ELSE interval '0' END"
                + " - CASE WHEN step < 20 THEN (20 - step) * interval '60 s' ELSE interval '0' END");
        assertThat(history.stepSeconds(List.of(held.id(), UUID.randomUUID())))
                .hasSize(1)
                .extractingByKey(held.id())
                .satisfies(seconds -> assertThat(seconds).isCloseTo(2, Offset.offset(1e-6)));
    }

    @Test
    void theLogIsBoundedInLinesAndTheirLengthAndKeepsTheNewest() throws Exception {
        queue.message(held, "x".repeat(5000));
        assertThat(now().message()).hasSize(2000).endsWith("…");
        queue.message(held, "half a \0 character");
        assertThat(now().message()).isEqualTo("half a \uFFFD character");
        database.execute("UPDATE training_job SET log_lines = " + (2L * JobQueue.MAX_LINES));
        queue.message(held, "newest");
        assertThat(history.log(held.id(), 0, 10)).extracting(LogLine::text).containsExactly("newest");
        queue.message(held, "and one more");
        long before = history.log(held.id(), 0, 1).getFirst().sequence() - 1;
        assertThat(history.log(held.id(), before, 10)).extracting(LogLine::text).containsExactly("and one more");
        assertThat(history.log(held.id(), 0, 1)).extracting(LogLine::text).containsExactly("and one more");
    }

    @Test
    void aSampleToldAgainReplacesTheFirst() throws Exception {
        queue.sample(held, 5, "What hurts?", "My");
        queue.sample(held, 5, "Since when?", "Today");
        queue.sample(held, 5, "What hurts?", "My head");
        queue.sample(held, 10, "What hurts?", "y".repeat(50_000));
        assertThat(history.samples(held.id(), 10))
                .extracting(
                        Sample::step, Sample::prompt, sample -> sample.answer().length())
                .containsExactly(
                        tuple(10, "What hurts?", 32_000), tuple(5, "What hurts?", 7), tuple(5, "Since when?", 5));
        database.execute("UPDATE training_job SET samples = " + (2L * JobQueue.MAX_SAMPLES));
        queue.sample(held, 15, "What hurts?", "Nothing");
        assertThat(history.samples(held.id(), 10)).extracting(Sample::step).containsExactly(15);
    }

    @Test
    void whatADatasetMeantIsKeptWithTheJob() {
        Map<String, PinnedDataset> pins = Map.of("wards", new PinnedDataset(".versions/wards@1.jsonl", "ab"));
        Job job = queue.submit(new Submission(TENANT, "admin", "job", "train", null, "", pins));
        assertThat(queue.find(TENANT, job.id()).orElseThrow().datasets()).isEqualTo(pins);
    }

    @Test
    void everyTransitionIsHandedToTheAuditOnce() {
        assertThat(history.unaudited(10))
                .extracting(Transition::from, Transition::to, Transition::worker)
                .containsExactly(tuple(null, JobState.QUEUED, null), tuple(JobState.QUEUED, JobState.RUNNING, "w"));
        history.unaudited(10).forEach(transition -> history.audited(transition.id()));
        assertThat(history.unaudited(10)).isEmpty();
        queue.fail(held, "no");
        assertThat(history.unaudited(10)).extracting(Transition::to).containsExactly(JobState.FAILED);
    }
}
