package dev.spillway.registry.decide;

import dev.spillway.events.EvictionCause;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.NamespaceRow;
import java.time.Duration;
import java.util.List;

/** Decisions of the sweep on time: evicts entries that expired or were idle too long, lifts pins that ended, and evicts down to low watermarks. */
final class ExpiryDecisions {
    /** Number of namespaces per step. A bound lets other namespaces take part while one is busy. */
    private static final int NAMESPACES_MAX = 64;
    /** Number of idle candidates that are read at once. They are locked together with their holders, and on the last page most are not idle. */
    private static final int IDLE_PAGE = 100;

    private final Evictor evictor;
    private final PinDecisions pins;

    ExpiryDecisions(Evictor evictor, PinDecisions pins) {
        this.evictor = evictor;
        this.pins = pins;
    }

    Outcomes.Expired expire(Transaction transaction, int limit) {
        List<NamespaceName> due = transaction.stored().expiry().namespacesDue(Math.clamp(limit, 1, NAMESPACES_MAX));
        transaction.lockNamespaces(due);
        int evicted = 0;
        int lifted = 0;
        boolean more = false;
        for (NamespaceName name : due) {
            int each = Math.max(1, limit / due.size());
            int ended = evictEnded(transaction, name, each);
            int drained = ended < each ? drain(transaction, name, each - ended) : 0;
            evicted += ended + drained;
            // Pins are lifted last, because victims are searched among stored rows, in which these entries are still pinned.
            int free = liftEnded(transaction, name, each);
            lifted += free;
            // Another coordinator may have done the work already. A step that found nothing reports no more, so that the sweep ends.
            more |= ended + drained + free > 0;
        }
        return new Outcomes.Expired(lifted, evicted, more);
    }

    private int evictEnded(Transaction transaction, NamespaceName name, int limit) {
        NamespaceRow namespace = held(transaction, name);
        int evicted = 0;
        Duration ttl = namespace.policy().ttl();
        if (ttl != null) {
            List<EntryRow> old = transaction.stored().expiry().lockCreatedUntil(name, transaction.now().minus(ttl), limit);
            old.forEach(transaction::adopt);
            transaction.replicas().readHolders(old, evictor.holdersEach());
            for (EntryRow entry : old) {
                EntryRow still = transaction.adopt(entry);
                evicted += still == null ? 0 : evictor.evict(transaction, still, EvictionCause.EXPIRED).size();
            }
        }
        Duration maxIdle = namespace.policy().maxIdle();
        while (maxIdle != null && evicted < limit) {
            EntryRow leastUsed = evictor.victim(transaction, name, Math.min(limit - evicted, IDLE_PAGE));
            if (leastUsed == null || namespace.policy().endOf(leastUsed, transaction.now()) != EvictionCause.IDLE) {
                break;
            }
            evicted += evictor.evict(transaction, leastUsed, EvictionCause.IDLE).size();
        }
        return evicted;
    }

    private int drain(Transaction transaction, NamespaceName name, int limit) {
        return held(transaction, name).evictingToWatermark() ? evictor.drain(transaction, name, limit) : 0;
    }

    private int liftEnded(Transaction transaction, NamespaceName name, int limit) {
        List<EntryRow> ended = transaction.stored().expiry().lockPinsEnded(name, limit);
        for (EntryRow entry : ended) {
            EntryRow still = transaction.adopt(entry);
            if (still != null) {
                pins.lift(transaction, still);
            }
        }
        return ended.size();
    }

    private static NamespaceRow held(Transaction transaction, NamespaceName name) {
        NamespaceRow row = transaction.namespace(name);
        if (row == null) {
            throw new IllegalStateException("namespace " + name + " vanished while it was held");
        }
        return row;
    }
}
