package dev.spillway.coordinator.http;

import dev.spillway.coordinator.curve.HitRateCurve;
import dev.spillway.coordinator.curve.UsageStore;
import dev.spillway.events.NamespaceName;
import java.time.Instant;
import java.util.List;

/** Reads how namespaces are used, including the latest accesses of this coordinator. Blocks; thread-safe. */
public final class Usage {
    private final UsageStore store;
    private final Runnable upToDate;

    /** @param upToDate stores the accesses that this coordinator has gathered */
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
