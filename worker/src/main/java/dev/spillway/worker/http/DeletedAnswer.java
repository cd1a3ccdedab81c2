package dev.spillway.worker.http;

import dev.spillway.events.SnapshotId;

/** The snapshot that the deleted entry named. */
public record DeletedAnswer(SnapshotId snapshotId) {}
