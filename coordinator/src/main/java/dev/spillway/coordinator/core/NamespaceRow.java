package dev.spillway.coordinator.core;

import dev.spillway.events.NamespaceName;

/**
 * One LRU domain. Every writer of its entries holds this row, so its figures are exact.
 *
 * @param entries       all of them, the pinned ones too; {@code bytes} likewise
 * @param pinnedEntries number of pinned entries, which count for no limit; {@code pinnedBytes} likewise
 * @param useCounter    number of the latest use of any entry; a use takes the next one, so uses are in an order without ties
 * @param draining      within its limits, but still to be brought down to its low watermark
 * @param returned      number of entries that returned to an old place in the order of use, because a pin was lifted or they lead their group again
 */
public record NamespaceRow(NamespaceName name, Policy policy, long entries, long bytes, long pinnedEntries, long pinnedBytes,
        long useCounter, long hits, long misses, boolean draining, long returned) {
    static NamespaceRow empty(NamespaceName name, Policy policy) {
        return new NamespaceRow(name, policy, 0, 0, 0, 0, 0, 0, 0, false, 0);
    }

    NamespaceRow withPolicy(Policy changed) {
        return new NamespaceRow(name, changed, entries, bytes, pinnedEntries, pinnedBytes, useCounter, hits, misses, draining, returned);
    }

    NamespaceRow used() {
        return new NamespaceRow(name, policy, entries, bytes, pinnedEntries, pinnedBytes, useCounter + 1, hits, misses, draining,
                returned);
    }

    NamespaceRow with(EntryRow entry) {
        return with(entry.sizeBytes(), entry.pin() != null);
    }

    NamespaceRow without(EntryRow entry) {
        return grown(-1, entry.sizeBytes(), entry.pin() != null);
    }

    /** Counts one more entry. */
    NamespaceRow with(long sizeBytes, boolean pinned) {
        return grown(1, sizeBytes, pinned);
    }

    private NamespaceRow grown(int sign, long sizeBytes, boolean pinned) {
        return new NamespaceRow(name, policy, entries + sign, bytes + sign * sizeBytes, pinnedEntries + (pinned ? sign : 0),
                pinnedBytes + (pinned ? sign * sizeBytes : 0), useCounter, hits, misses, draining, returned);
    }

    NamespaceRow counted(long moreHits, long moreMisses) {
        return new NamespaceRow(name, policy, entries, bytes, pinnedEntries, pinnedBytes, useCounter, hits + moreHits, misses + moreMisses,
                draining, returned);
    }

    NamespaceRow draining(boolean stillToBe) {
        return new NamespaceRow(name, policy, entries, bytes, pinnedEntries, pinnedBytes, useCounter, hits, misses, stillToBe, returned);
    }

    NamespaceRow entryReturned() {
        return new NamespaceRow(name, policy, entries, bytes, pinnedEntries, pinnedBytes, useCounter, hits, misses, draining,
                returned + 1);
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
