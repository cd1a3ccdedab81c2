package dev.spillway.worker.core;

import dev.spillway.events.EntryName;
import dev.spillway.events.GroupName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.TouchRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Collects local reads that the registry has not acknowledged, each key once with its latest use. One message at a time reports them. If it gets no
 * answer, its uses are reported again. Bounded: the keys with the oldest last use are forgotten first. Not thread-safe.
 */
final class UseLog {
    static final int KEYS_MAX = 10_000;

    private record Use(long hits, Instant at, @Nullable GroupName group) {
        Use and(Use other) {
            boolean later = at.isAfter(other.at);
            return new Use(hits + other.hits, later ? at : other.at, other.group == null || (later && group != null) ? group : other.group);
        }
    }

    /** The uses to report, in the order of use. */
    private SequencedMap<EntryName, Use> hits = new LinkedHashMap<>();
    private Map<NamespaceName, Long> misses = new LinkedHashMap<>();
    private SequencedMap<EntryName, Use> hitsTold = new LinkedHashMap<>();
    private Map<NamespaceName, Long> missesTold = new LinkedHashMap<>();
    /** The message under way. */
    private @Nullable TouchRequest told;

    /** @param group the group that the key joins by this use; null if it stays in its own */
    void hit(EntryName name, long times, Instant at, @Nullable GroupName group) {
        Use use = new Use(times, at, group);
        Use before = hits.remove(name);
        hits.putLast(name, before == null ? use : use.and(before));
        if (hits.size() > KEYS_MAX) {
            hits.pollFirstEntry();
        }
    }

    void missed(NamespaceName namespace, long times) {
        misses.merge(namespace, times, Long::sum);
    }

    /**
     * Adds uses that may have been reported before, by an earlier process or in another epoch. They count no hits and only tell the time of the use.
     */
    void recall(Map<EntryName, Instant> lastUsed) {
        SequencedMap<EntryName, Use> recalled = new LinkedHashMap<>();
        lastUsed.forEach((name, at) -> recalled.put(name, new Use(0, at, null)));
        add(recalled);
    }

    private void add(SequencedMap<EntryName, Use> earlier) {
        hits.forEach((name, use) -> earlier.merge(name, use, Use::and));
        List<Map.Entry<EntryName, Use>> inOrder = new ArrayList<>(earlier.entrySet());
        inOrder.sort(Comparator.comparing(use -> use.getValue().at()));
        hits = new LinkedHashMap<>();
        inOrder.subList(Math.max(0, inOrder.size() - KEYS_MAX), inOrder.size()).forEach(use -> hits.put(use.getKey(), use.getValue()));
    }

    /** Returns whether there is nothing to report, with {@code pending} as for {@link #tell}. */
    boolean isEmpty(Predicate<EntryName> pending) {
        return misses.isEmpty() && hits.entrySet().stream().allMatch(use -> waits(use, pending));
    }

    private static boolean waits(Map.Entry<EntryName, Use> use, Predicate<EntryName> pending) {
        return use.getValue().group() != null && pending.test(use.getKey());
    }

    boolean isUnderWay() {
        return told != null;
    }

    /**
     * Takes everything into one message, which is under way from here on.
     *
     * @param pending whether a key's registration is unanswered. A use that names a group waits for the answer, because the registry could not find
     *                the key
     */
    TouchRequest tell(Sender sender, Instant now, Predicate<EntryName> pending) {
        List<TouchRequest.Used> used = new ArrayList<>();
        SequencedMap<EntryName, Use> waiting = new LinkedHashMap<>();
        hitsTold = new LinkedHashMap<>();
        for (Map.Entry<EntryName, Use> one : hits.entrySet()) {
            Use use = one.getValue();
            (waits(one, pending) ? waiting : hitsTold).putLast(one.getKey(), use);
        }
        hitsTold.forEach(
                (name, use) -> used.add(
                        new TouchRequest.Used(name, use.hits(), Math.max(0, Duration.between(use.at(), now).toMillis()), use.group())));
        List<TouchRequest.Missed> missed = new ArrayList<>();
        misses.forEach((namespace, times) -> missed.add(new TouchRequest.Missed(namespace, times)));
        missesTold = misses;
        hits = waiting;
        misses = new LinkedHashMap<>();
        TouchRequest message = new TouchRequest(sender, used, missed);
        told = message;
        return message;
    }

    /** Takes the registry's confirmation. The uses of a message that was given up before are reported again nevertheless. */
    void acknowledged(TouchRequest message) {
        if (message.equals(told)) {
            told = null;
        }
    }

    /** Queues the uses of a message again. Whether the registry has them is unknown. */
    void unanswered(TouchRequest message) {
        if (message.equals(told)) {
            giveUp();
        }
    }

    /** Gives up the answer to the message under way, and queues its uses again. */
    void giveUp() {
        if (told != null) {
            told = null;
            add(hitsTold);
            missesTold.forEach(this::missed);
        }
    }
}
