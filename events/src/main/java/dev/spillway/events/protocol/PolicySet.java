package dev.spillway.events.protocol;

import dev.spillway.events.Backend;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The policies of all namespaces as of one version. A namespace that is not listed has no policy, and nothing is put into it. */
public record PolicySet(long version, List<Entry> policies) {
    /**
     * The policy of one namespace, as far as a worker needs it.
     *
     * @param maxBytes what a single image may not exceed, in allocated bytes; absent for no bound
     * @param minResidency how long an entry that was put or read is not evicted to make room; absent for no promise
     * @param writeOnce whether a key keeps its first content
     * @param evictionPolicy under GDSF hosts measure how long images take to be made; absent for LRU
     */
    public record Entry(NamespaceName namespace, @Nullable Long maxBytes, Backend backend, @Nullable Duration minResidency,
            boolean writeOnce, @Nullable EvictionPolicy evictionPolicy) {
        /** The policy of a namespace of directories. */
        public Entry(NamespaceName namespace, @Nullable Long maxBytes) {
            this(namespace, maxBytes, Backend.DIRECTORY, null, false, null);
        }
    }
}
