package dev.spillway.coordinator.http;

import dev.spillway.events.SnapshotId;

/** The snapshot that the deleted entry named. */
public record EntryDeleteAnswer(SnapshotId snapshotId) {}
