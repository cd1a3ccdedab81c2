package dev.spillway.worker.core;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;

/**
 * A replica to be registered. Its image is complete, synced and in its place under its id.
 *
 * @param snapshotId what it is called; of a copy the image that was copied, or its own id where nobody says which that was
 * @param generation the generation to attach to, or 0 to take the key with a new one
 */
public record Offer(ReplicaId id, EntryName name, SnapshotId snapshotId, long generation, long sizeBytes, Description description) {}
