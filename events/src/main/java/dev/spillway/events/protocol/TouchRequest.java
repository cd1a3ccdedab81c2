package dev.spillway.events.protocol;

import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.NamespaceName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reports local reads that the registry has not acknowledged, with keys in the order of their latest use. Reads may be reported twice, or lost in a
 * crash.
 */
public record TouchRequest(Sender sender, List<Used> used, List<Missed> missed) implements FencedMessage<TouchRequest.Counted> {
    /**
     * Reads of one key.
     *
     * @param hits      number of reads that were not reported before, 0 or more
     * @param ageMillis time from the latest use until this was sent
     * @param group     the group that an artifact joins by its latest use; absent if it stays in its own
     */
    public record Used(EntryName name, long hits, long ageMillis, @Nullable GroupName group) {
        /** Creates reads of age 0. */
        public Used(EntryName name, long hits) {
            this(name, hits, 0);
        }

        /** Creates reads that name no group. */
        public Used(EntryName name, long hits, long ageMillis) {
            this(name, hits, ageMillis, null);
        }
    }

    public record Missed(NamespaceName namespace, long misses) {}

    public record Counted() {}
}
