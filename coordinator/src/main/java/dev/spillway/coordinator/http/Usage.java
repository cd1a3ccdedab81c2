package dev.spillway.coordinator.http;

import dev.spillway.coordinator.curve.HitRateCurve;
import dev.spillway.coordinator.curve.UsageStore;
import dev.spillway.events.NamespaceName;
import java.time.Instant;
import java.util.List;

/** Reads the accesses to namespaces, with those that this coordinator saw a moment ago. Blocks; thread-safe. */
public final class Usage {
    private final UsageStore store;
    private final Runnable upToDate;

    /** @param upToDate stores what this coordinator has seen */
    public Usage(UsageStore store, Runnable upToDate) {
        this.store = store;
        this.upToDate = upToDate;
    }

    HitRateCurve curve(NamespaceName namespace) {
        upToDate.run();
        return store.curve(namespace);
    }

    List<UsageStore.Interval> history(NamespaceName namespace, Instant since) {
        upToDate.run();
        return store.history(namespace, since);
    }
}
