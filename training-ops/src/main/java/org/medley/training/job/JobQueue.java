package org.medley.training.job;

import com.fasterxml.jackson.core.type.TypeReference;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * The queue. A claim gives a job to one worker for the length of a lease, which heartbeats and metrics renew; a job whose
 * lease ran out goes to the next claim. Every claim raises the job's fencing token, and every write of a worker names
 * the token it was given, so that one that was only thought dead cannot disturb its successor. All times are the
 * database's.
 *
 * <p>Who wants a running job to stop leaves a request; its worker hears of it and ends its turn, and only then is it
 * decided what becomes of the job, by the requests that stand at that moment.
 */
public final class JobQueue {
    private static final TypeReference<Map<String, Double>> VALUES = new TypeReference<>() {};
    private static final TypeReference<Map<String, PinnedDataset>> DATASETS = new TypeReference<>() {};
    private static final int MAX_LINE = 2000;
    private static final int MAX_PROMPT = 8_000;
    private static final int MAX_ANSWER = 32_000;
    static final int MAX_LINES = 5_000;
    static final int MAX_SAMPLES = 2_000;
    private static final String HELD = " WHERE id = ? AND fence = ? AND state = 'RUNNING'";
    private static final String EXPIRED = "state = 'RUNNING' AND lease_until < clock_timestamp()";
    /** No living worker holds it. */
    private static final String IDLE = "(state IN ('QUEUED', 'PAUSED') OR " + EXPIRED + ")";

    private static final String ENDED = " lease_until = NULL, finished_at = clock_timestamp(), pause_requested = false";
    private static final String LOGGED = ", log_lines = log_lines + 1";
    private static final String LOG =
            ", logged AS (INSERT INTO training_log (job_id, sequence, text) SELECT id, log_lines, %s FROM changed)";

    private final Sql sql;
    private final Duration lease;
    private final int maxAttempts;

    /**
     * @param lease how long a worker may be silent
     * @param maxAttempts claims of one job without a further step, after which it fails instead of taking down one
     *     worker after another
     */
    public JobQueue(DataSource database, Duration lease, int maxAttempts) {
        this.sql = new Sql(database);
        this.lease = lease;
        this.maxAttempts = maxAttempts;
    }

    public JobQueue(DataSource database) {
        this(database, Duration.ofSeconds(30), 3);
    }

    public Duration lease() {
        return lease;
    }

    /** Joins the transaction of the caller, if the data source does. */
    public Job submit(Submission wanted) {
        return one(
                        "INSERT INTO training_job (id, tenant_id, created_by, name, kind, stage, recipe, datasets)"
                                + " VALUES (?, ?, ?, ?, ?, ?, ?, ?::jsonb) RETURNING *",
                        UUID.randomUUID(),
                        wanted.tenant(),
                        wanted.createdBy(),
                        wanted.name(),
                        wanted.kind(),
                        wanted.stage(),
                        wanted.recipe(),
                        Sql.json(wanted.datasets()))
                .orElseThrow();
    }

    public Optional<Job> find(UUID tenant, UUID id) {
        return one("SELECT * FROM training_job WHERE id = ? AND tenant_id = ?", id, tenant);
    }

    /** A tenant's jobs, newest first. */
    public List<Job> list(UUID tenant, int limit) {
        return sql.query(
                JobQueue::job,
                "SELECT * FROM training_job WHERE tenant_id = ? ORDER BY created_at DESC, id LIMIT ?",
                tenant,
                limit);
    }

    /**
     * Asks a job to stop for good: one that nobody works on is cancelled at once, a running one as soon as its worker
     * hears of it.
     *
     * @return whether the job had not ended yet
     */
    public boolean cancel(UUID tenant, UUID id, String by) {
        return ask(
                tenant,
                id,
                "cancel_requested = true, finished_at = CASE WHEN " + IDLE + " THEN clock_timestamp() END,"
                        + " lease_until = CASE WHEN " + IDLE + " THEN NULL ELSE lease_until END,"
                        + " state = CASE WHEN " + IDLE + " THEN 'CANCELLED' ELSE state END",
                "state IN ('QUEUED', 'RUNNING', 'PAUSED')",
                "cancelled by " + by);
    }

    /**
     * Asks a job to rest until it is resumed: a waiting one does at once, a running one writes a checkpoint first.
     *
     * @return whether it could be asked: it waits or runs, and is not to be cancelled
     */
    public boolean pause(UUID tenant, UUID id, String by) {
        return ask(
                tenant,
                id,
                "pause_requested = state = 'RUNNING' AND NOT " + IDLE + ","
                        + " lease_until = CASE WHEN " + IDLE + " THEN NULL ELSE lease_until END,"
                        + " attempts = CASE WHEN " + IDLE + " THEN 0 ELSE attempts END,"
                        + " state = CASE WHEN " + IDLE + " THEN 'PAUSED' ELSE state END",
                "state IN ('QUEUED', 'RUNNING') AND NOT cancel_requested AND NOT pause_requested",
                "paused by " + by);
    }

    /**
     * Lets a paused job wait for a worker again, or takes back a request to pause that was not followed yet.
     *
     * @return whether it was paused or to be
     */
    public boolean resume(UUID tenant, UUID id, String by) {
        return ask(
                tenant,
                id,
                "pause_requested = false, state = CASE state WHEN 'PAUSED' THEN 'QUEUED' ELSE state END",
                "(state = 'PAUSED' OR state = 'RUNNING' AND pause_requested) AND NOT cancel_requested",
                "resumed by " + by);
    }

    private boolean ask(UUID tenant, UUID id, String assignments, String condition, String line) {
        return sql.query(
                                row -> row.getObject("id", UUID.class),
                                "WITH changed AS (UPDATE training_job SET " + assignments + LOGGED
                                        + " WHERE id = ? AND tenant_id = ? AND " + condition
                                        + " RETURNING id, log_lines)"
                                        + LOG.formatted("?") + " SELECT id FROM changed",
                                id,
                                tenant,
                                shortened(line, MAX_LINE))
                        .size()
                == 1;
    }

    /** The oldest job that waits or whose worker fell silent, now this worker's. */
    public Optional<Job> claim(String worker) {
        sweep();
        return one(
                "WITH found AS (SELECT id, state AS was, worker AS lost FROM training_job"
                        + " WHERE (state = 'QUEUED' OR " + EXPIRED + ")"
                        + " AND attempts < ? AND NOT cancel_requested AND NOT pause_requested"
                        + " ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED),"
                        + " changed AS (UPDATE training_job SET state = 'RUNNING', worker = ?, fence = fence + 1,"
                        + " attempts = attempts + 1, lease_until = clock_timestamp() + ? * interval '1 ms',"
                        + " started_at = coalesce(started_at, clock_timestamp())" + LOGGED
                        + " WHERE id = (SELECT id FROM found) RETURNING *)"
                        + LOG.formatted("(SELECT CASE was WHEN 'RUNNING' THEN 'worker ' || lost || ' fell silent; '"
                                + " ELSE '' END FROM found) || 'worker ' || worker || ' takes the job'")
                        + " SELECT * FROM changed",
                maxAttempts,
                worker,
                lease.toMillis());
    }

    /** Puts jobs to rest whose worker fell silent and which need no other one. */
    public void sweep() {
        bury("state = 'CANCELLED', finished_at = clock_timestamp()", "cancel_requested", "its worker fell silent");
        bury(
                "state = 'PAUSED', pause_requested = false, attempts = 0",
                "pause_requested",
                "its worker fell silent; a resumed job goes on from its last checkpoint");
        bury(
                "state = 'FAILED', finished_at = clock_timestamp(),"
                        + " error = 'its worker stopped without a word ' || attempts"
                        + " || ' times in a row without getting a step further'",
                "attempts >= " + maxAttempts,
                "fails: its worker stopped without a word again and again");
    }

    private void bury(String assignments, String condition, String line) {
        sql.query(
                row -> row.getObject("id", UUID.class),
                "WITH changed AS (UPDATE training_job SET lease_until = NULL, " + assignments + LOGGED + " WHERE "
                        + EXPIRED + " AND " + condition + " RETURNING id, log_lines)" + LOG.formatted("?")
                        + " SELECT id FROM changed",
                line);
    }

    /** Keeps the lease; true if the job shall stop. */
    public boolean heartbeat(Job held) {
        return sql.together(connection ->
                write(connection, held, "lease_until = clock_timestamp() + ? * interval '1 ms'", lease.toMillis()));
    }

    public void steps(Job held, int steps) {
        sql.together(connection -> write(connection, held, "steps = ?", steps));
    }

    /** Says what the job does, and keeps it in its log. */
    public void message(Job held, String text) {
        String line = shortened(text, MAX_LINE);
        sql.together(connection -> {
            write(connection, held, "message = ?" + LOGGED, line);
            return log(connection, held, line);
        });
    }

    /** The holder's transaction has just counted the line. */
    private static int log(Connection connection, Job held, String line) throws SQLException {
        Sql.update(
                connection,
                "INSERT INTO training_log (job_id, sequence, text) SELECT id, log_lines, ? FROM training_job WHERE id = ?",
                line,
                held.id());
        return Sql.update(
                connection,
                "DELETE FROM training_log WHERE job_id = ? AND sequence <="
                        + " (SELECT log_lines FROM training_job WHERE id = ?) - " + MAX_LINES,
                held.id(),
                held.id());
    }

    /** Keeps what the model answered after a step. */
    public void sample(Job held, int step, String prompt, String answer) {
        sql.together(connection -> {
            write(connection, held, "samples = samples + 1");
            Sql.update(
                    connection,
                    "INSERT INTO training_sample (job_id, sequence, step, prompt, answer)"
                            + " SELECT id, samples, ?, ?, ? FROM training_job WHERE id = ?"
                            + " ON CONFLICT (job_id, step, md5(prompt))"
                            + " DO UPDATE SET answer = excluded.answer, at = excluded.at",
                    step,
                    shortened(prompt, MAX_PROMPT),
                    shortened(answer, MAX_ANSWER),
                    held.id());
            return Sql.update(
                    connection,
                    "DELETE FROM training_sample WHERE job_id = ? AND sequence <="
                            + " (SELECT samples FROM training_job WHERE id = ?) - " + MAX_SAMPLES,
                    held.id(),
                    held.id());
        });
    }

    /** Writes one step's numbers, if it has any, and keeps the lease; true if the job shall stop. */
    public boolean metric(Job held, int step, Map<String, Double> values) {
        String json = Sql.json(values);
        return sql.together(connection -> {
            boolean stop = write(
                    connection,
                    held,
                    "attempts = CASE WHEN ? > step THEN 0 ELSE attempts END, step = greatest(step, ?),"
                            + " latest = latest || ?::jsonb,"
                            + " lease_until = clock_timestamp() + ? * interval '1 ms'",
                    step,
                    step,
                    json,
                    lease.toMillis());
            if (!values.isEmpty()) {
                Sql.update(
                        connection,
                        "INSERT INTO training_metric (job_id, step, \"values\") VALUES (?, ?, ?::jsonb)"
                                + " ON CONFLICT (job_id, step) DO UPDATE"
                                + " SET \"values\" = excluded.\"values\", at = excluded.at",
                        held.id(),
                        step,
                        json);
            }
            return stop;
        });
    }

    public void complete(Job held, JobResult result) {
        end(
                held,
                "state = 'SUCCEEDED', message = NULL, folder = ?," + ENDED,
                "finished",
                result.folder().toString());
    }

    public void fail(Job held, String error) {
        String line = shortened(error, MAX_LINE);
        end(
                held,
                "state = 'FAILED', message = NULL, error = ?," + ENDED,
                shortened("failed: " + error, MAX_LINE),
                line);
    }

    private void end(Job held, String assignments, String line, Object value) {
        sql.together(connection -> {
            write(connection, held, assignments + LOGGED, value);
            return log(connection, held, line);
        });
    }

    /**
     * Ends this worker's turn before the job's end, for whatever reason; that is no failed attempt. The job is cancelled
     * or paused if that is what is asked of it now, and waits for another worker otherwise.
     *
     * @return what became of the job
     */
    public JobState stopped(Job held) {
        return sql.together(connection -> {
            write(
                    connection,
                    held,
                    "state = CASE WHEN cancel_requested THEN 'CANCELLED' WHEN pause_requested THEN 'PAUSED'"
                            + " ELSE 'QUEUED' END, finished_at = CASE WHEN cancel_requested THEN clock_timestamp() END,"
                            + " lease_until = NULL, attempts = 0, message = NULL, pause_requested = false" + LOGGED);
            JobState state = Sql.query(
                            connection,
                            row -> JobState.valueOf(row.getString(1)),
                            "SELECT state FROM training_job WHERE id = ?",
                            held.id())
                    .getFirst();
            log(connection, held, "worker " + held.worker() + " stops; the job is " + state);
            return state;
        });
    }

    /** Jobs of all tenants that succeeded and whose model is not registered yet. */
    public List<Job> unregistered() {
        return sql.query(
                JobQueue::job,
                "SELECT * FROM training_job WHERE state = 'SUCCEEDED' AND model_id IS NULL ORDER BY finished_at");
    }

    public void registered(UUID job, UUID model) {
        sql.update("UPDATE training_job SET model_id = ? WHERE id = ? AND state = 'SUCCEEDED'", model, job);
    }

    /** A job whose model turned out not to be usable did not succeed. */
    public void refused(UUID job, String error) {
        sql.update(
                "UPDATE training_job SET state = 'FAILED', error = ?"
                        + " WHERE id = ? AND state = 'SUCCEEDED' AND model_id IS NULL",
                shortened(error, MAX_LINE),
                job);
    }

    private static boolean write(Connection connection, Job held, String assignments, Object... values)
            throws SQLException {
        List<Object> all = new ArrayList<>(List.of(values));
        all.add(held.id());
        all.add(held.fence());
        return Sql.query(
                        connection,
                        row -> row.getBoolean(1),
                        "UPDATE training_job SET " + assignments + HELD
                                + " RETURNING cancel_requested OR pause_requested",
                        all.toArray())
                .stream()
                .findFirst()
                .orElseThrow(() -> new LostJobException(held.id()));
    }

    private Optional<Job> one(String statement, Object... values) {
        return sql.query(JobQueue::job, statement, values).stream().findFirst();
    }

    /** What PostgreSQL can keep, at most so long: it has no character 0. */
    private static String shortened(String text, int most) {
        String kept = text.replace('\0', '\uFFFD');
        if (kept.codePointCount(0, kept.length()) <= most) {
            return kept;
        }
        return kept.substring(0, kept.offsetByCodePoints(0, most - 1)) + "…";
    }

    private static Job job(ResultSet row) throws SQLException {
        String folder = row.getString("folder");
        return new Job(
                row.getObject("id", UUID.class),
                row.getObject("tenant_id", UUID.class),
                row.getString("name"),
                row.getString("kind"),
                row.getString("stage"),
                row.getString("recipe"),
                JobState.valueOf(row.getString("state")),
                row.getString("created_by"),
                Sql.time(row, "created_at"),
                Sql.time(row, "started_at"),
                Sql.time(row, "finished_at"),
                row.getInt("step"),
                row.getObject("steps", Integer.class),
                Sql.json(row, "latest", VALUES),
                row.getString("message"),
                row.getString("error"),
                row.getInt("attempts"),
                row.getBoolean("cancel_requested"),
                row.getBoolean("pause_requested"),
                row.getString("worker"),
                Sql.time(row, "lease_until"),
                row.getLong("fence"),
                Sql.json(row, "datasets", DATASETS),
                folder == null ? null : Path.of(folder),
                row.getObject("model_id", UUID.class));
    }
}
