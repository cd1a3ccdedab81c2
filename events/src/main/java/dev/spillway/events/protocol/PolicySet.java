package dev.spillway.events.protocol;

import dev.spillway.events.NamespaceName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The policies of all namespaces as of one version. A namespace that is not listed has no policy, and nothing is put into it. */
public record PolicySet(long version, List<Entry> policies) {
    /**
     * The policy of one namespace, as far as a worker needs it.
     *
     * @param maxBytes what a single image may not exceed, in allocated bytes; absent for no bound
     */
    public record Entry(NamespaceName namespace, @Nullable Long maxBytes) {}
}
