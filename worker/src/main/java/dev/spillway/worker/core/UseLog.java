package dev.spillway.worker.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.TouchRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Local reads since the last touch, each key once at its latest use. Bounded: what is beyond the bound is not counted. Not thread-safe. */
final class UseLog {
    private static final int KEYS_MAX = 10_000;

    private final Map<EntryName, Long> hits = new LinkedHashMap<>();
    private final Map<NamespaceName, Long> misses = new LinkedHashMap<>();

    void hit(EntryName name, long times) {
        Long before = hits.remove(name);
        if (hits.size() < KEYS_MAX) {
            hits.put(name, times + (before == null ? 0 : before));
        }
    }

    void missed(NamespaceName namespace, long times) {
        misses.merge(namespace, times, Long::sum);
    }

    boolean isEmpty() {
        return hits.isEmpty() && misses.isEmpty();
    }

    TouchRequest drain(Sender sender) {
        List<TouchRequest.Used> used = new ArrayList<>();
        hits.forEach((name, times) -> used.add(new TouchRequest.Used(name, times)));
        List<TouchRequest.Missed> missed = new ArrayList<>();
        misses.forEach((namespace, times) -> missed.add(new TouchRequest.Missed(namespace, times)));
        hits.clear();
        misses.clear();
        return new TouchRequest(sender, used, missed);
    }
}
