package dev.spillway.events.protocol;

import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.NamespaceName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Local reads that the registry has not acknowledged, keys in the order of their latest use. May be told twice, and may be lost in a crash. */
public record TouchRequest(Sender sender, List<Used> used, List<Missed> missed) implements FencedMessage<TouchRequest.Counted> {
    /**
     * Reads of one key.
     *
     * @param hits      those that were not told before, which may be none
     * @param ageMillis time from the latest of them until this was sent
     * @param group     the group that an artifact belongs to by its latest use; absent where it stays in its own
     */
    public record Used(EntryName name, long hits, long ageMillis, @Nullable GroupName group) {
        /** Reads just now. */
        public Used(EntryName name, long hits) {
            this(name, hits, 0);
        }

        /** Reads that say nothing of a group. */
        public Used(EntryName name, long hits, long ageMillis) {
            this(name, hits, ageMillis, null);
        }
    }

    public record Missed(NamespaceName namespace, long misses) {}

    public record Counted() {}
}
