package org.medley.training.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
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
 * @param lease how long a worker may be silent
 * @param maxAttempts claims of one job without a further step, after which it fails instead of taking down one worker
 *     after another
 */
public record JobQueue(DataSource database, Duration lease, int maxAttempts) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<Map<String, Double>> VALUES = new TypeReference<>() {};
    private static final int MAX_LINE = 2000;
    private static final String HELD = " WHERE id = ? AND fence = ? AND state = 'RUNNING'";
    private static final String EXPIRED = "state = 'RUNNING' AND lease_until < clock_timestamp()";

    public JobQueue(DataSource database) {
        this(database, Duration.ofSeconds(30), 3);
    }

    /** Joins the transaction of the caller, if the data source does. */
    public Job submit(UUID tenant, String createdBy, String name, String kind, String recipe) {
        return one(
                        "INSERT INTO training_job (id, tenant_id, created_by, name, kind, recipe)"
                                + " VALUES (?, ?, ?, ?, ?, ?) RETURNING *",
                        UUID.randomUUID(),
                        tenant,
                        createdBy,
                        name,
                        kind,
                        recipe)
                .orElseThrow();
    }

    public Optional<Job> find(UUID tenant, UUID id) {
        return one("SELECT * FROM training_job WHERE id = ? AND tenant_id = ?", id, tenant);
    }

    /** A tenant's jobs, newest first. */
    public List<Job> list(UUID tenant, int limit) {
        return query("SELECT * FROM training_job WHERE tenant_id = ? ORDER BY created_at DESC LIMIT ?", tenant, limit);
    }

    public List<Metric> metrics(UUID job, int after) {
        try (Connection connection = database.getConnection();
                PreparedStatement select = prepare(
                        connection,
                        "SELECT step, \"values\" FROM training_metric WHERE job_id = ? AND step > ? ORDER BY step",
                        job,
                        after);
                ResultSet rows = select.executeQuery()) {
            List<Metric> metrics = new ArrayList<>();
            while (rows.next()) {
                metrics.add(new Metric(rows.getInt(1), JSON.readValue(rows.getString(2), VALUES)));
            }
            return metrics;
        } catch (SQLException | JsonProcessingException e) {
            throw failed(e);
        }
    }

    /**
     * Asks a job to stop: a waiting one is cancelled at once, a running one as soon as its worker hears of it.
     *
     * @return whether the job had not ended yet
     */
    public boolean cancel(UUID tenant, UUID id) {
        return update(
                        "UPDATE training_job SET cancel_requested = true,"
                                + " finished_at = CASE state WHEN 'QUEUED' THEN clock_timestamp() END,"
                                + " state = CASE state WHEN 'QUEUED' THEN 'CANCELLED' ELSE state END"
                                + " WHERE id = ? AND tenant_id = ? AND state IN ('QUEUED', 'RUNNING')",
                        id,
                        tenant)
                == 1;
    }

    /** The oldest job that waits or whose worker fell silent, now this worker's. */
    public Optional<Job> claim(String worker) {
        buryHopeless();
        return one(
                "UPDATE training_job SET state = 'RUNNING', worker = ?, fence = fence + 1, attempts = attempts + 1,"
                        + " lease_until = clock_timestamp() + ? * interval '1 ms',"
                        + " started_at = coalesce(started_at, clock_timestamp())"
                        + " WHERE id = (SELECT id FROM training_job WHERE (state = 'QUEUED' OR " + EXPIRED + ")"
                        + " AND attempts < ? AND NOT cancel_requested"
                        + " ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *",
                worker,
                lease.toMillis(),
                maxAttempts);
    }

    /** Ends jobs whose worker fell silent and which need no other one. */
    private void buryHopeless() {
        update("UPDATE training_job SET state = 'CANCELLED', lease_until = NULL, finished_at = clock_timestamp()"
                + " WHERE " + EXPIRED + " AND cancel_requested");
        update(
                "UPDATE training_job SET state = 'FAILED', lease_until = NULL, finished_at = clock_timestamp(),"
                        + " error = 'its worker stopped without a word ' || attempts"
                        + " || ' times in a row without getting a step further'"
                        + " WHERE " + EXPIRED + " AND attempts >= ?",
                maxAttempts);
    }

    /** Keeps the lease; true if the job shall be cancelled. */
    public boolean heartbeat(Job held) {
        return write(held, "lease_until = clock_timestamp() + ? * interval '1 ms'", lease.toMillis());
    }

    public void steps(Job held, int steps) {
        write(held, "steps = ?", steps);
    }

    public void message(Job held, String line) {
        write(held, "message = ?", shortened(line));
    }

    /** Writes one step's numbers, if it has any, and keeps the lease; true if the job shall be cancelled. */
    public boolean metric(Job held, int step, Map<String, Double> values) {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            try {
                boolean cancel = write(
                        connection,
                        held,
                        "attempts = CASE WHEN ? > step THEN 0 ELSE attempts END, step = greatest(step, ?),"
                                + " lease_until = clock_timestamp() + ? * interval '1 ms'",
                        step,
                        step,
                        lease.toMillis());
                if (!values.isEmpty()) {
                    insert(connection, held.id(), step, values);
                }
                connection.commit();
                return cancel;
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        } catch (SQLException | JsonProcessingException e) {
            throw failed(e);
        }
    }

    private static void insert(Connection connection, UUID job, int step, Map<String, Double> values)
            throws SQLException, JsonProcessingException {
        try (PreparedStatement insert = prepare(
                connection,
                "INSERT INTO training_metric (job_id, step, \"values\") VALUES (?, ?, ?::jsonb)"
                        + " ON CONFLICT (job_id, step) DO UPDATE"
                        + " SET \"values\" = excluded.\"values\", at = excluded.at",
                job,
                step,
                JSON.writeValueAsString(values))) {
            insert.executeUpdate();
        }
    }

    public void complete(Job held, JobResult result) {
        write(
                held,
                "state = 'SUCCEEDED', lease_until = NULL, finished_at = clock_timestamp(), message = NULL, folder = ?",
                result.folder().toString());
    }

    public void fail(Job held, String error) {
        write(
                held,
                "state = 'FAILED', lease_until = NULL, finished_at = clock_timestamp(), message = NULL, error = ?",
                shortened(error));
    }

    public void cancelled(Job held) {
        write(held, "state = 'CANCELLED', lease_until = NULL, finished_at = clock_timestamp(), message = NULL");
    }

    /** Gives the job back as it is, for instance because the worker shuts down; that is no failed attempt. */
    public void release(Job held) {
        write(held, "state = 'QUEUED', lease_until = NULL, worker = NULL, attempts = 0");
    }

    /** Jobs of all tenants that succeeded and whose model is not registered yet. */
    public List<Job> unregistered() {
        return query("SELECT * FROM training_job WHERE state = 'SUCCEEDED' AND model_id IS NULL ORDER BY finished_at");
    }

    public void registered(UUID job, UUID model) {
        update("UPDATE training_job SET model_id = ? WHERE id = ? AND state = 'SUCCEEDED'", model, job);
    }

    /** A job whose model turned out not to be usable did not succeed. */
    public void refused(UUID job, String error) {
        update(
                "UPDATE training_job SET state = 'FAILED', error = ?"
                        + " WHERE id = ? AND state = 'SUCCEEDED' AND model_id IS NULL",
                shortened(error),
                job);
    }

    private boolean write(Job held, String assignments, Object... values) {
        try (Connection connection = database.getConnection()) {
            return write(connection, held, assignments, values);
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private static boolean write(Connection connection, Job held, String assignments, Object... values)
            throws SQLException {
        try (PreparedStatement update = prepare(
                connection,
                "UPDATE training_job SET " + assignments + HELD + " RETURNING cancel_requested",
                with(values, held.id(), held.fence()))) {
            try (ResultSet row = update.executeQuery()) {
                if (!row.next()) {
                    throw new LostJobException(held.id());
                }
                return row.getBoolean(1);
            }
        }
    }

    private int update(String sql, Object... values) {
        try (Connection connection = database.getConnection();
                PreparedStatement update = prepare(connection, sql, values)) {
            return update.executeUpdate();
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private Optional<Job> one(String sql, Object... values) {
        return query(sql, values).stream().findFirst();
    }

    private List<Job> query(String sql, Object... values) {
        try (Connection connection = database.getConnection();
                PreparedStatement query = prepare(connection, sql, values);
                ResultSet rows = query.executeQuery()) {
            List<Job> jobs = new ArrayList<>();
            while (rows.next()) {
                jobs.add(job(rows));
            }
            return jobs;
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private static PreparedStatement prepare(Connection connection, String sql, Object... values) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
        return statement;
    }

    private static Object[] with(Object[] values, Object... more) {
        List<Object> all = new ArrayList<>(List.of(values));
        all.addAll(List.of(more));
        return all.toArray();
    }

    private static String shortened(String line) {
        return line.length() <= MAX_LINE ? line : line.substring(0, MAX_LINE - 1) + "…";
    }

    private static QueueUnavailableException failed(Exception e) {
        return new QueueUnavailableException("the job queue does not answer: " + e.getMessage(), e);
    }

    private static Job job(ResultSet row) throws SQLException {
        String folder = row.getString("folder");
        return new Job(
                row.getObject("id", UUID.class),
                row.getObject("tenant_id", UUID.class),
                row.getString("name"),
                row.getString("kind"),
                row.getString("recipe"),
                JobState.valueOf(row.getString("state")),
                row.getString("created_by"),
                time(row, "created_at"),
                time(row, "started_at"),
                time(row, "finished_at"),
                row.getInt("step"),
                row.getObject("steps", Integer.class),
                row.getString("message"),
                row.getString("error"),
                row.getInt("attempts"),
                row.getBoolean("cancel_requested"),
                row.getLong("fence"),
                folder == null ? null : Path.of(folder),
                row.getObject("model_id", UUID.class));
    }

    private static Instant time(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
