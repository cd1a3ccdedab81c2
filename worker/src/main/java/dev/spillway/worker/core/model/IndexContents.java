package dev.spillway.worker.core.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The contents of a host's index at the start. */
public record IndexContents(
        Membership membership,
        @Nullable OrderPosition position,
        List<ReplicaRecord> replicas,
        List<Hold> holds,
        List<KeptRequest> requests) {
    public static final IndexContents EMPTY = new IndexContents(Membership.NONE, null, List.of(), List.of(), List.of());
}
