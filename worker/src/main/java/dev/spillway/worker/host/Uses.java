package dev.spillway.worker.host;

import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.NamespaceName;
import dev.spillway.worker.core.HostAgent;
import dev.spillway.worker.core.model.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Collects local reads for the agent: readers count them, and the host's thread takes them in bulk. Bounded: the keys whose last use is oldest are
 * forgotten first. Thread-safe.
 */
public final class Uses {
    private static final int KEYS_MAX = 10_000;

    private record Hits(long times, Instant at, @Nullable GroupName group) {
        Hits and(Hits later) {
            return new Hits(times + later.times, later.at, later.group == null ? group : later.group);
        }
    }

    /** Interval at which access times are written into the index. */
    private static final Duration ACCESS_KEPT = Duration.ofSeconds(10);

    private SequencedMap<EntryName, Hits> hits = inOrderOfUse();
    private Map<NamespaceName, Long> misses = new LinkedHashMap<>();
    private SequencedMap<EntryName, Instant> accesses = new LinkedHashMap<>();
    private Instant accessesDue = Instant.MIN;
    private long hitsEver;
    private long missesEver;
    /** The access times that the host's thread took last; they may not be in the index yet. */
    private Map<EntryName, Instant> drained = Map.of();

    public synchronized void hit(EntryName name, Instant at) {
        hitsEver++;
        used(name, new Hits(1, at, null));
    }

    /** Notes a use of an artifact as a part of a group, which counts as no hit. */
    public synchronized void renewed(EntryName name, Instant at, @Nullable GroupName group) {
        used(name, new Hits(0, at, group));
    }

    private void used(EntryName name, Hits use) {
        hits.merge(name, use, Hits::and);
        forgetOldest(hits);
        accesses.putLast(name, use.at());
        forgetOldest(accesses);
    }

    /** Returns a map in the order of use: a key that is merged moves to the end. */
    private static SequencedMap<EntryName, Hits> inOrderOfUse() {
        return new LinkedHashMap<>(16, 0.75f, true);
    }

    private static void forgetOldest(SequencedMap<EntryName, ?> inOrder) {
        if (inOrder.size() > KEYS_MAX) {
            inOrder.pollFirstEntry();
        }
    }

    synchronized void missed(NamespaceName namespace) {
        missesEver++;
        misses.merge(namespace, 1L, Long::sum);
    }

    /** Returns a time of access that the index may lack. */
    public synchronized Optional<Instant> accessedAt(EntryName name) {
        Instant at = accesses.get(name);
        return Optional.ofNullable(at == null ? drained.get(name) : at);
    }

    synchronized long hits() {
        return hitsEver;
    }

    synchronized long misses() {
        return missesEver;
    }

    /**
     * Gives the agent the counted reads. The returned steps write access times into the index, at most every {@link #ACCESS_KEPT}.
     *
     * @param atOnce whether the access times are written now, because this process is about to stop
     */
    List<Step> drain(HostAgent agent, Instant now, boolean atOnce) {
        Map<EntryName, Hits> used;
        Map<NamespaceName, Long> missed;
        @Nullable
        Map<EntryName, Instant> accessed = null;
        synchronized (this) {
            used = hits;
            hits = inOrderOfUse();
            missed = misses;
            misses = new LinkedHashMap<>();
            if (!accesses.isEmpty() && (atOnce || !accessesDue.isAfter(now))) {
                accessesDue = now.plus(ACCESS_KEPT);
                accessed = accesses;
                drained = accesses;
                accesses = new LinkedHashMap<>();
            }
        }
        used.forEach((name, read) -> agent.used(name, read.times(), read.at(), read.group()));
        missed.forEach(agent::missed);
        List<Step> steps = new ArrayList<>();
        if (accessed != null) {
            accessed.forEach((name, at) -> steps.add(agent.accessed(name, at)));
        }
        return steps;
    }
}
