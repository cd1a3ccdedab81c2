package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.core.model.NotKept;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.StagingStopped;
import java.util.EnumMap;
import java.util.Map;

/** Counts, by kind, the entries of an archive that lose something, or refuses the first such entry. Used by one thread. */
final class ArchiveLosses {
    private final boolean strict;
    private final Map<NotKept, Long> counts = new EnumMap<>(NotKept.class);

    /** @param strict whether nothing may be lost */
    ArchiveLosses(boolean strict) {
        this.strict = strict;
    }

    /** @param what losses by kind, as the subject of "is not kept" in the singular or "are not kept" in the plural */
    void of(String path, Map<NotKept, String> what) throws StagingStopped {
        for (Map.Entry<NotKept, String> lost : what.entrySet()) {
            if (strict) {
                throw StagingStopped.refused(
                        RefusalReason.NOT_KEPT,
                        path,
                        lost.getValue() + " (expected, with strict: nothing that is lost)");
            }
            counts.merge(lost.getKey(), 1L, Long::sum);
        }
    }

    Map<NotKept, Long> counts() {
        return Map.copyOf(counts);
    }
}
