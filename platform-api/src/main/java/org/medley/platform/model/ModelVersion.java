package org.medley.platform.model;

import jakarta.persistence.CollectionTable;
import jakarta.persistence.Column;
import jakarta.persistence.ElementCollection;
import jakarta.persistence.Embeddable;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.OrderColumn;
import jakarta.persistence.Table;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.medley.runtime.weights.ModelSource;
import org.medley.training.trainer.Lineage;

/** A model as it was on the day it was made; only its folder may appear later. */
@Entity
@Table(name = "model_version")
class ModelVersion {
    @Id
    UUID id;

    @Column(name = "tenant_id")
    UUID tenantId;

    String name;
    int version;
    String sha256;
    String kind;
    /** A folder or a GGUF file; null for an ancestor of which only its descendants tell. */
    String folder;

    long bytes;
    long parameters;
    String description;
    String recipe;
    /** JSON arrays and objects of the lineage, as text. */
    String curve;

    String metrics;

    @Column(name = "created_at")
    Instant createdAt;

    @ElementCollection
    @CollectionTable(name = "model_parent", joinColumns = @JoinColumn(name = "child_id"))
    @OrderColumn(name = "position")
    List<ParentLink> parents = new ArrayList<>();

    @ElementCollection
    @CollectionTable(name = "model_dataset", joinColumns = @JoinColumn(name = "model_id"))
    @OrderColumn(name = "position")
    List<DatasetLink> datasets = new ArrayList<>();

    /** A model this one was made from, and what for. */
    @Embeddable
    static class ParentLink {
        @ManyToOne
        @JoinColumn(name = "parent_id")
        ModelVersion parent;

        String role;
    }

    /** Data this model was trained on, or measured on meanwhile. */
    @Embeddable
    static class DatasetLink {
        @Enumerated(EnumType.STRING)
        Lineage.DatasetUse.Role role;

        String name;
        String sha256;
        long examples;
        long tokens;
    }

    boolean isServable() {
        return folder != null && ModelSource.isModel(Path.of(folder));
    }
}
