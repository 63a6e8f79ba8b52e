package org.medley.training.job;

import com.fasterxml.jackson.core.type.TypeReference;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;

/** What jobs told while they ran. Who asks has made sure that the job is one he may see. */
public final class JobHistory {
    private static final TypeReference<Map<String, Double>> VALUES = new TypeReference<>() {};
    private static final int PACE_STEPS = 33;

    private final Sql sql;

    public JobHistory(DataSource database) {
        this.sql = new Sql(database);
    }

    /** The numbers of all steps after one, in order. */
    public List<Metric> metrics(UUID job, int after) {
        return sql.query(
                JobHistory::metric,
                "SELECT step, at, \"values\" FROM training_metric WHERE job_id = ? AND step > ? ORDER BY step",
                job,
                after);
    }

    /**
     * The same, thinned to be drawn: all steps if they are not more than {@code points}; otherwise the first of each
     * part of the run and the one with the highest loss, so that no spike is lost, step 1 (what was measured before it is
     * step 0), the last step, and up to as many steps again at which something was evaluated.
     *
     * @param points at least 2
     */
    public List<Metric> curve(UUID job, int after, int points) {
        return sql.query(JobHistory::metric, """
                        WITH told AS (
                            SELECT step, at, "values", row_number() OVER (ORDER BY step) - 1 AS number, count(*) OVER () AS total,
                                   EXISTS (SELECT FROM jsonb_object_keys("values") name WHERE name LIKE 'evaluation%%') AS evaluated
                            FROM training_metric WHERE job_id = ? AND step > ?),
                        parted AS (
                            SELECT *, number * %1$d / total AS part,
                                   CASE WHEN evaluated THEN row_number() OVER (PARTITION BY evaluated ORDER BY step) - 1 END AS measured,
                                   count(*) FILTER (WHERE evaluated) OVER () AS evaluations
                            FROM told),
                        ranked AS (
                            SELECT *, row_number() OVER (PARTITION BY part ORDER BY step) AS place,
                                   row_number() OVER (PARTITION BY part
                                       ORDER BY ("values" ->> 'loss')::float8 DESC NULLS LAST, step) AS height
                            FROM parted)
                        SELECT step, at, "values" FROM ranked
                        WHERE total <= %2$d OR place = 1 OR height = 1 OR step = 1 OR number = total - 1
                           OR measured %% greatest(1, (evaluations + %2$d - 1) / %2$d) = 0
                        ORDER BY step""".formatted(points / 2, points), job, after);
    }

    private static Metric metric(ResultSet row) throws SQLException {
        return new Metric(row.getInt("step"), Sql.time(row, "at"), Sql.json(row, "values", VALUES));
    }

    /**
     * Seconds that a step of each job takes: the median of the last ones, which a pause, a restart or an evaluation in
     * between does not disturb. A job of fewer than two steps has none.
     */
    public Map<UUID, Double> stepSeconds(List<UUID> jobs) {
        Map<UUID, Double> seconds = new HashMap<>();
        sql.query(
                row -> seconds.put(row.getObject(1, UUID.class), row.getDouble(2)),
                """
                WITH gaps AS (
                    SELECT job_id, extract(epoch FROM at - lag(at) OVER told) / (step - lag(step) OVER told) AS seconds
                    FROM unnest(string_to_array(?, ',')::uuid[]) AS job(id)
                    CROSS JOIN LATERAL (SELECT job_id, step, at FROM training_metric WHERE job_id = job.id
                                        ORDER BY step DESC LIMIT %d) last
                    WINDOW told AS (PARTITION BY job_id ORDER BY step))
                SELECT job_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds::float8)
                FROM gaps WHERE seconds > 0 GROUP BY job_id""".formatted(PACE_STEPS),
                jobs.stream().map(UUID::toString).reduce((a, b) -> a + "," + b).orElse(""));
        return seconds;
    }

    /** Lines after one, in order; the newest ones where there are more than {@code limit}. */
    public List<LogLine> log(UUID job, long after, int limit) {
        return sql.query(
                        row -> new LogLine(row.getLong("sequence"), Sql.time(row, "at"), row.getString("text")),
                        "SELECT sequence, at, text FROM training_log WHERE job_id = ? AND sequence > ?"
                                + " ORDER BY sequence DESC LIMIT ?",
                        job,
                        after,
                        limit)
                .reversed();
    }

    /** The newest ones; of a step, in the order of their prompts. */
    public List<Sample> samples(UUID job, int limit) {
        return sql.query(
                row -> new Sample(
                        row.getInt("step"), Sql.time(row, "at"), row.getString("prompt"), row.getString("answer")),
                "SELECT step, at, prompt, answer FROM training_sample WHERE job_id = ?"
                        + " ORDER BY step DESC, sequence LIMIT ?",
                job,
                limit);
    }

    /** In the order in which they happened. */
    public List<Transition> transitions(UUID job) {
        return sql.query(
                JobHistory::transition,
                "SELECT t.*, j.tenant_id, j.name FROM training_transition t JOIN training_job j ON j.id = t.job_id"
                        + " WHERE t.job_id = ? ORDER BY t.id",
                job);
    }

    /**
     * The next ones of all tenants that are in no audit trail yet, locked until the caller's transaction ends; what
     * another transaction has locked is left to it.
     */
    public List<Transition> unaudited(int limit) {
        return sql.query(
                JobHistory::transition,
                "SELECT t.*, j.tenant_id, j.name FROM training_transition t JOIN training_job j ON j.id = t.job_id"
                        + " WHERE NOT t.audited ORDER BY t.id LIMIT ? FOR UPDATE OF t SKIP LOCKED",
                limit);
    }

    public void audited(long transition) {
        sql.update("UPDATE training_transition SET audited = true WHERE id = ?", transition);
    }

    private static Transition transition(ResultSet row) throws SQLException {
        String from = row.getString("from_state");
        return new Transition(
                row.getLong("id"),
                row.getObject("job_id", UUID.class),
                row.getObject("tenant_id", UUID.class),
                row.getString("name"),
                Sql.time(row, "at"),
                from == null ? null : JobState.valueOf(from),
                JobState.valueOf(row.getString("to_state")),
                row.getString("worker"));
    }
}
