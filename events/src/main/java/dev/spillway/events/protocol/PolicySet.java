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
     * The part of a namespace's policy that a worker needs.
     *
     * @param maxBytes largest size of an image, in allocated bytes; absent for no bound
     * @param minResidency time after a put or a read for which an entry is not evicted to make room; absent for none
     * @param writeOnce whether a key keeps its first content
     * @param evictionPolicy absent for LRU; under GDSF, hosts measure how long it takes to make images
     */
    public record Entry(
            NamespaceName namespace,
            @Nullable Long maxBytes,
            Backend backend,
            @Nullable Duration minResidency,
            boolean writeOnce,
            @Nullable EvictionPolicy evictionPolicy) {
        /** Creates the policy of a namespace of directories. */
        public Entry(NamespaceName namespace, @Nullable Long maxBytes) {
            this(namespace, maxBytes, Backend.DIRECTORY, null, false, null);
        }
    }
}
