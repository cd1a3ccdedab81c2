package dev.spillway.coordinator.core;

import dev.spillway.events.NamespaceName;

/**
 * One LRU domain. Every writer of its entries holds this row, so its figures are exact.
 *
 * @param useCounter number of the latest use of any entry; a use takes the next one, so uses are in an order without ties
 */
public record NamespaceRow(NamespaceName name, Policy policy, long entries, long bytes, long useCounter, long hits, long misses) {
    NamespaceRow withPolicy(Policy changed) {
        return new NamespaceRow(name, changed, entries, bytes, useCounter, hits, misses);
    }

    NamespaceRow used() {
        return new NamespaceRow(name, policy, entries, bytes, useCounter + 1, hits, misses);
    }

    NamespaceRow grown(long moreEntries, long moreBytes) {
        return new NamespaceRow(name, policy, entries + moreEntries, bytes + moreBytes, useCounter, hits, misses);
    }

    NamespaceRow counted(long moreHits, long moreMisses) {
        return new NamespaceRow(name, policy, entries, bytes, useCounter, hits + moreHits, misses + moreMisses);
    }
}
