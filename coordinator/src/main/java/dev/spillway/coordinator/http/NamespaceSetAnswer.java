package dev.spillway.coordinator.http;

import dev.spillway.events.NamespaceName;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The policy as it is after {@code PUT /v1/namespaces/{ns}}.
 *
 * @param evicted how many entries went because of a lowered limit
 */
public record NamespaceSetAnswer(NamespaceName name, @Nullable Long maxEntries, @Nullable Long maxBytes, @Nullable Duration ttl,
        @Nullable Duration maxIdle, double lowWatermark, double maxEvictionShare, long evicted) {}
