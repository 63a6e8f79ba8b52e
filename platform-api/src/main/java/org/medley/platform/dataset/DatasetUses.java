package org.medley.platform.dataset;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;
import org.medley.platform.dataset.DatasetRegistry.Resolved;
import org.medley.training.job.JobState;

/** Which jobs use which versions. Takes part in the transaction of its caller. */
@ApplicationScoped
public class DatasetUses {
    private static final int MAX_JOBS = 100;

    private final DataSource database;

    DatasetUses(DataSource database) {
        this.database = database;
    }

    /** @param modelId what it became; null if it did not */
    record JobUse(UUID id, String name, JobState state, String reference, Instant createdAt, UUID modelId) {}

    /** A version that a job was submitted with, by what its recipe calls it. */
    public record UsedDataset(String reference, UUID id, String name, int version, String sha256) {}

    public void record(UUID job, Map<String, Resolved> datasets) {
        try (Connection connection = database.getConnection();
                PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO training_job_dataset (job_id, reference, dataset_id) VALUES (?, ?, ?)")) {
            for (Map.Entry<String, Resolved> dataset : datasets.entrySet()) {
                insert.setObject(1, job);
                insert.setString(2, dataset.getKey());
                insert.setObject(3, dataset.getValue().id());
                insert.executeUpdate();
            }
        } catch (SQLException e) {
            throw new IllegalStateException("the datasets of job " + job + " cannot be written", e);
        }
    }

    public List<UsedDataset> of(UUID job) {
        try (Connection connection = database.getConnection();
                PreparedStatement select = connection.prepareStatement(
                        "SELECT u.reference, d.id, d.name, d.version, d.sha256 FROM training_job_dataset u"
                                + " JOIN training_dataset d ON d.id = u.dataset_id WHERE u.job_id = ? ORDER BY u.reference")) {
            select.setObject(1, job);
            List<UsedDataset> used = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    used.add(new UsedDataset(
                            rows.getString(1),
                            rows.getObject(2, UUID.class),
                            rows.getString(3),
                            rows.getInt(4),
                            rows.getString(5)));
                }
            }
            return used;
        } catch (SQLException e) {
            throw new IllegalStateException("the datasets of job " + job + " cannot be read", e);
        }
    }

    /** The newest jobs of a version. */
    List<JobUse> jobs(UUID dataset) {
        try (Connection connection = database.getConnection();
                PreparedStatement select = connection.prepareStatement(
                        "SELECT j.id, j.name, j.state, u.reference, j.created_at, j.model_id FROM training_job_dataset u"
                                + " JOIN training_job j ON j.id = u.job_id WHERE u.dataset_id = ?"
                                + " ORDER BY j.created_at DESC LIMIT " + MAX_JOBS)) {
            select.setObject(1, dataset);
            List<JobUse> jobs = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    jobs.add(new JobUse(
                            rows.getObject(1, UUID.class),
                            rows.getString(2),
                            JobState.valueOf(rows.getString(3)),
                            rows.getString(4),
                            rows.getObject(5, OffsetDateTime.class).toInstant(),
                            rows.getObject(6, UUID.class)));
                }
            }
            return jobs;
        } catch (SQLException e) {
            throw new IllegalStateException("the jobs of dataset " + dataset + " cannot be read", e);
        }
    }
}
