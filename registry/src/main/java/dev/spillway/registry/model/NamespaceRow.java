package dev.spillway.registry.model;

import dev.spillway.events.Description;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import java.time.Instant;

/**
 * One domain of eviction. Every writer of its entries holds this row, so its figures are exact.
 *
 * @param all                 all entries, the pinned ones too
 * @param pinned              pinned entries, which count for no limit
 * @param evictingToWatermark whether the sweep still has to evict down to the low watermark
 */
public record NamespaceRow(
        NamespaceName name,
        Policy policy,
        Selection all,
        Selection pinned,
        UseOrder order,
        Reads reads,
        boolean evictingToWatermark) {
    /**
     * The order of eviction so far.
     *
     * @param useCounter    number of the latest use of any entry; a use takes the next one, so uses are in an order without ties
     * @param placeReturns  number of times that an entry returned to an old place, because its pin was lifted or it leads its group again
     * @param priorityFloor lower bound on the priority of a new use; it never falls
     */
    public record UseOrder(long useCounter, long placeReturns, double priorityFloor) {}

    /** Counted reads. */
    public record Reads(long hits, long misses) {}

    public static NamespaceRow empty(NamespaceName name, Policy policy) {
        return new NamespaceRow(name, policy, Selection.NONE, Selection.NONE, new UseOrder(0, 0, 0), new Reads(0, 0), false);
    }

    public long entries() {
        return all.entries();
    }

    public long bytes() {
        return all.bytes();
    }

    public long pinnedEntries() {
        return pinned.entries();
    }

    public long pinnedBytes() {
        return pinned.bytes();
    }

    public long useCounter() {
        return order.useCounter();
    }

    public long placeReturns() {
        return order.placeReturns();
    }

    public double priorityFloor() {
        return order.priorityFloor();
    }

    public long hits() {
        return reads.hits();
    }

    public long misses() {
        return reads.misses();
    }

    public NamespaceRow withPolicy(Policy changed) {
        return new NamespaceRow(name, changed, all, pinned, order, reads, evictingToWatermark);
    }

    private NamespaceRow inOrder(UseOrder next) {
        return new NamespaceRow(name, policy, all, pinned, next, reads, evictingToWatermark);
    }

    public NamespaceRow used() {
        return inOrder(new UseOrder(useCounter() + 1, placeReturns(), priorityFloor()));
    }

    /** Returns the latest use of the namespace as the {@code count}th use of an image. */
    public Use use(long count, long sizeBytes, Description description, Instant now) {
        return new Use(useCounter(), now, count, priorityFloor() + switch (policy.evictionPolicy()) {
            case LRU -> 0;
            case GDSF -> (double) count * RebuildCost.of(description) / (double) Math.max(1, sizeBytes);
        });
    }

    /** Returns the entry with the latest use of the namespace, which counts as {@code times} uses of the entry. */
    public EntryRow use(EntryRow entry, long times, Instant now) {
        long before = entry.use().count();
        // Hosts report the number of uses, and may report any number.
        long count = times > Long.MAX_VALUE - before ? Long.MAX_VALUE : before + times;
        return entry.used(use(count, entry.sizeBytes(), entry.description(), now));
    }

    /** Returns whether the order of eviction is the order of last use. It is not if entries may have priorities above 0. */
    public boolean isInOrderOfUse() {
        return policy.evictionPolicy() == EvictionPolicy.LRU && priorityFloor() == 0;
    }

    /** Returns the row with a floor of at least this priority, so that no later use gets a lower one. */
    public NamespaceRow withFloorAtLeast(double priority) {
        return inOrder(new UseOrder(useCounter(), placeReturns(), Math.max(priorityFloor(), priority)));
    }

    public NamespaceRow with(EntryRow entry) {
        return with(entry.sizeBytes(), entry.pin() != null);
    }

    public NamespaceRow without(EntryRow entry) {
        return grown(-1, entry.sizeBytes(), entry.pin() != null);
    }

    /** Returns the row with one more entry. */
    public NamespaceRow with(long sizeBytes, boolean pinned) {
        return grown(1, sizeBytes, pinned);
    }

    private NamespaceRow grown(int sign, long sizeBytes, boolean isPinned) {
        return new NamespaceRow(
                name,
                policy,
                all.grown(sign, sizeBytes),
                isPinned ? pinned.grown(sign, sizeBytes) : pinned,
                order,
                reads,
                evictingToWatermark);
    }

    public NamespaceRow counted(long moreHits, long moreMisses) {
        return new NamespaceRow(name, policy, all, pinned, order, new Reads(hits() + moreHits, misses() + moreMisses), evictingToWatermark);
    }

    public NamespaceRow evictingToWatermark(boolean stillToBe) {
        return new NamespaceRow(name, policy, all, pinned, order, reads, stillToBe);
    }

    public NamespaceRow entryReturned() {
        return inOrder(new UseOrder(useCounter(), placeReturns() + 1, priorityFloor()));
    }

    public long unpinnedEntries() {
        return entries() - pinnedEntries();
    }

    public long unpinnedBytes() {
        return bytes() - pinnedBytes();
    }

    public boolean exceeds(Bounds bounds) {
        return bounds.areExceededBy(unpinnedEntries(), unpinnedBytes());
    }
}
