package dev.spillway.coordinator.core;

import dev.spillway.events.Description;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import java.time.Instant;

/**
 * One domain of eviction. Every writer of its entries holds this row, so its figures are exact.
 *
 * @param entries       number of all entries, including pinned ones; {@code bytes} likewise
 * @param pinnedEntries number of pinned entries, which count for no limit; {@code pinnedBytes} likewise
 * @param useCounter    number of the latest use of any entry; a use takes the next one, so uses are in an order without ties
 * @param draining      whether the sweep still has to evict down to the low watermark
 * @param returned      number of times that an entry returned to an old place in the order of eviction, because its pin was lifted or it leads its
 *                      group again
 * @param age           lower bound on the priority of a new use; it never falls
 */
public record NamespaceRow(NamespaceName name, Policy policy, long entries, long bytes, long pinnedEntries, long pinnedBytes,
        long useCounter, long hits, long misses, boolean draining, long returned, double age) {
    static NamespaceRow empty(NamespaceName name, Policy policy) {
        return new NamespaceRow(name, policy, 0, 0, 0, 0, 0, 0, 0, false, 0, 0);
    }

    NamespaceRow withPolicy(Policy changed) {
        return new NamespaceRow(name, changed, entries, bytes, pinnedEntries, pinnedBytes, useCounter, hits, misses, draining, returned,
                age);
    }

    NamespaceRow used() {
        return new NamespaceRow(name, policy, entries, bytes, pinnedEntries, pinnedBytes, useCounter + 1, hits, misses, draining,
                returned, age);
    }

    /** Returns the latest use of the namespace as the {@code count}th use of an image. */
    Use use(long count, long sizeBytes, Description description, Instant now) {
        return new Use(useCounter, now, count, age + switch (policy.evictionPolicy()) {
            case LRU -> 0;
            case GDSF -> (double) count * RebuildCost.of(description) / (double) Math.max(1, sizeBytes);
        });
    }

    /** Returns the entry with the latest use of the namespace, which counts as {@code times} uses of the entry. */
    EntryRow use(EntryRow entry, long times, Instant now) {
        long before = entry.use().count();
        // Hosts report the number of uses, and may report any number.
        long count = times > Long.MAX_VALUE - before ? Long.MAX_VALUE : before + times;
        return entry.used(use(count, entry.sizeBytes(), entry.description(), now));
    }

    /** Returns whether the order of eviction is the order of last use. It is not if entries may have priorities above 0. */
    boolean isInOrderOfUse() {
        return policy.evictionPolicy() == EvictionPolicy.LRU && age == 0;
    }

    /** Returns the row with an age of at least this priority, so that no later use gets a lower one. */
    NamespaceRow agedTo(double priority) {
        return new NamespaceRow(name, policy, entries, bytes, pinnedEntries, pinnedBytes, useCounter, hits, misses, draining, returned,
                Math.max(age, priority));
    }

    NamespaceRow with(EntryRow entry) {
        return with(entry.sizeBytes(), entry.pin() != null);
    }

    NamespaceRow without(EntryRow entry) {
        return grown(-1, entry.sizeBytes(), entry.pin() != null);
    }

    /** Returns the row with one more entry. */
    NamespaceRow with(long sizeBytes, boolean pinned) {
        return grown(1, sizeBytes, pinned);
    }

    private NamespaceRow grown(int sign, long sizeBytes, boolean pinned) {
        return new NamespaceRow(name, policy, entries + sign, bytes + sign * sizeBytes, pinnedEntries + (pinned ? sign : 0),
                pinnedBytes + (pinned ? sign * sizeBytes : 0), useCounter, hits, misses, draining, returned, age);
    }

    NamespaceRow counted(long moreHits, long moreMisses) {
        return new NamespaceRow(name, policy, entries, bytes, pinnedEntries, pinnedBytes, useCounter, hits + moreHits, misses + moreMisses,
                draining, returned, age);
    }

    NamespaceRow draining(boolean stillToBe) {
        return new NamespaceRow(name, policy, entries, bytes, pinnedEntries, pinnedBytes, useCounter, hits, misses, stillToBe, returned,
                age);
    }

    NamespaceRow entryReturned() {
        return new NamespaceRow(name, policy, entries, bytes, pinnedEntries, pinnedBytes, useCounter, hits, misses, draining,
                returned + 1, age);
    }

    long unpinnedEntries() {
        return entries - pinnedEntries;
    }

    long unpinnedBytes() {
        return bytes - pinnedBytes;
    }

    boolean exceeds(Bounds bounds) {
        return bounds.areExceededBy(unpinnedEntries(), unpinnedBytes());
    }
}
