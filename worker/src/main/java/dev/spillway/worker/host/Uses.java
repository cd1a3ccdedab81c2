package dev.spillway.worker.host;

import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Local reads on their way to the agent: counted by readers, taken over in bulk by the host's thread. Bounded: what is beyond the bound is not
 * counted. Thread-safe.
 */
final class Uses {
    private static final int KEYS_MAX = 10_000;
    /** How long a time of access may stay in memory only. */
    private static final Duration ACCESS_KEPT = Duration.ofSeconds(10);

    private Map<EntryName, Long> hits = new LinkedHashMap<>();
    private Map<NamespaceName, Long> misses = new LinkedHashMap<>();
    private Map<EntryName, Instant> accesses = new LinkedHashMap<>();
    private Instant accessesDue = Instant.MIN;
    private long hitsEver;
    private long missesEver;
    /** On their way into the index, or there already. */
    private Map<EntryName, Instant> drained = Map.of();

    synchronized void hit(EntryName name, Instant at) {
        hitsEver++;
        Long before = hits.remove(name);
        if (hits.size() < KEYS_MAX) {
            hits.put(name, before == null ? 1 : before + 1);
        }
        if (accesses.size() < KEYS_MAX || accesses.containsKey(name)) {
            accesses.put(name, at);
        }
    }

    synchronized void missed(NamespaceName namespace) {
        missesEver++;
        misses.merge(namespace, 1L, Long::sum);
    }

    /** A time of access that the index may not have yet. */
    synchronized Optional<Instant> accessedAt(EntryName name) {
        Instant at = accesses.get(name);
        return Optional.ofNullable(at == null ? drained.get(name) : at);
    }

    synchronized long hits() {
        return hitsEver;
    }

    synchronized long misses() {
        return missesEver;
    }

    /** Gives the agent what was counted. The steps are changes of the index, made at most every few seconds. */
    List<Step> drain(HostAgent agent, Instant now) {
        Map<EntryName, Long> used;
        Map<NamespaceName, Long> missed;
        @Nullable
        Map<EntryName, Instant> accessed = null;
        synchronized (this) {
            used = hits;
            hits = new LinkedHashMap<>();
            missed = misses;
            misses = new LinkedHashMap<>();
            if (!accesses.isEmpty() && !accessesDue.isAfter(now)) {
                accessesDue = now.plus(ACCESS_KEPT);
                accessed = accesses;
                drained = accesses;
                accesses = new LinkedHashMap<>();
            }
        }
        used.forEach(agent::used);
        missed.forEach(agent::missed);
        List<Step> steps = new ArrayList<>();
        if (accessed != null) {
            accessed.forEach((name, at) -> steps.add(agent.accessed(name, at)));
        }
        return steps;
    }
}
