package dev.spillway.worker.core.model;

import java.util.List;

/** The outcome of deleting an image. */
public sealed interface UnlinkOutcome {
    /**
     * Nothing of it is left.
     *
     * @param bytesFreed allocated blocks of the files whose last name was removed
     * @param entries names removed
     */
    record Unlinked(long bytesFreed, long entries) implements UnlinkOutcome {}

    /** It was not there. */
    record Absent() implements UnlinkOutcome {}

    /**
     * Some of it could not be removed; everything else is gone. May be asked for again.
     *
     * @param bytesFreed see {@link Unlinked}
     * @param failures the first failures, each with its path below the tree and the reason
     * @param failureCount number of all failures, 1 or more
     */
    record Incomplete(long bytesFreed, long entries, List<String> failures, long failureCount) implements UnlinkOutcome {
        public Incomplete {
            failures = List.copyOf(failures);
        }
    }
}
