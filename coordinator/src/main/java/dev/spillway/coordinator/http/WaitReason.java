package dev.spillway.coordinator.http;

import dev.spillway.events.HostId;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.RegistryQueries.OrderView;
import dev.spillway.registry.RegistryQueries.RestoreWait;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Describes why orders wait and what ends the wait. Reads the condition at most once per answer, and only if one of its orders waits. Not
 * thread-safe.
 */
final class WaitReason {
    private final RegistryQueries queries;
    private @Nullable String words;

    WaitReason(RegistryQueries queries) {
        this.queries = queries;
    }

    /** Returns the reason; null for an order that does not wait. */
    @Nullable
    String of(OrderView order) {
        if (!order.isWaiting()) {
            return null;
        }
        String known = words;
        if (known == null) {
            known = queries.waiting().map(WaitReason::words).orElse("the next sweep");
            words = known;
        }
        return known;
    }

    private static String words(RestoreWait waiting) {
        if (waiting.hostsUnheard() == 0) {
            return "the grace after the restore of the registry's database, which ends at " + waiting.until()
                    + "; every host has told what it holds";
        }
        String named = waiting.firstUnheard().stream().map(HostId::toString).collect(Collectors.joining(", "));
        long others = waiting.hostsUnheard() - waiting.firstUnheard().size();
        boolean one = waiting.hostsUnheard() == 1;
        return "every host to tell what it holds since the registry's database was restored; %s%s %s not (%s)".formatted(
                named,
                others == 0 ? "" : " and " + others + " more",
                one ? "has" : "have",
                one ? "start its worker, or retire it: spillway retire " + named
                        : "start their workers, or retire them: spillway retire HOST");
    }
}
