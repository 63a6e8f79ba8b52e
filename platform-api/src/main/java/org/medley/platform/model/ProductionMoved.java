package org.medley.platform.model;

import java.util.UUID;

/** Told as a CDI event, after the transaction that moved it: a tenant's production is another model now. */
public record ProductionMoved(UUID tenantId, ServableModel to) {}
