package dev.spillway.registry.decide;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.Pin;
import dev.spillway.registry.model.Policy;
import dev.spillway.registry.model.Written;
import dev.spillway.registry.store.Rows.EntryLock;
import java.util.ArrayList;
import java.util.List;

/** Decisions on entries: put, get, invalidate, clean, and enforcing the limits of their namespace. */
final class EntryDecisions {
    /** Largest size of an image. A larger false claim could use up the range of the namespace's total. */
    private static final long SIZE_MAX = 1L << 50;

    private final Evictor evictor;

    EntryDecisions(Evictor evictor) {
        this.evictor = evictor;
    }

    /**
     * Puts an entry. If the key already names this snapshot with the same content, generation and size stay, so that a second copy replaces nothing.
     * Description and labels become those of this put, even if they are empty. Any other snapshot gets a new generation. A pin belongs to the key, so
     * the new snapshot keeps the pin of the old one, and its group gets the same pin. A put never evicts entries of its own group.
     */
    Outcomes.Putting put(
            Transaction transaction,
            EntryName name,
            SnapshotId snapshotId,
            long sizeBytes,
            Description description,
            boolean external,
            Written written) {
        InvalidValueException.requireAtLeast("sizeBytes", sizeBytes, 0);
        NamespaceRow namespace = transaction.namespace(name.namespace());
        if (namespace == null) {
            return new Outcomes.Putting.Refused(
                    ReplicaOutcome.Reason.UNKNOWN_NAMESPACE,
                    "namespace: " + name.namespace() + " (expected: a namespace that has a policy)");
        }
        if (sizeBytes > SIZE_MAX) {
            return new Outcomes.Putting.Refused(
                    ReplicaOutcome.Reason.TOO_LARGE,
                    "sizeBytes: " + sizeBytes + " (expected: at most " + SIZE_MAX + ", one pebibyte)");
        }
        if (!namespace.policy().fits(sizeBytes)) {
            return new Outcomes.Putting.Refused(
                    ReplicaOutcome.Reason.TOO_LARGE,
                    "sizeBytes: " + sizeBytes + " (expected: at most "
                            + namespace.policy().maxBytes() + ", the maxBytes of namespace " + name.namespace() + ")");
        }
        if (sizeBytes > Long.MAX_VALUE - namespace.bytes()) {
            return new Outcomes.Putting.Refused(
                    ReplicaOutcome.Reason.TOO_LARGE,
                    "sizeBytes: " + sizeBytes + " (expected: at most "
                            + (Long.MAX_VALUE - namespace.bytes()) + ", what the total of namespace " + name.namespace()
                            + " can still count)");
        }
        EntryRow before = transaction.entry(name, EntryLock.EXCLUSIVE);
        List<EvictedEntry> evicted = new ArrayList<>();
        if (before != null && evictor.endOf(transaction, namespace, before) == EvictionCause.EXPIRED) {
            // The entry's TTL is over, but the sweep has not evicted it yet. Its generation must end, so the put may not join it.
            evicted.addAll(evictor.evict(transaction, before, EvictionCause.EXPIRED));
            namespace = held(transaction, name);
            before = null;
        }
        boolean joins = before != null && before.snapshotId().equals(snapshotId) && before.written().agreesWith(written);
        if (before != null && !joins && namespace.policy().writeOnce()) {
            return writtenAlready(before);
        }
        EntryGroup group = written.group() == null ? null : new EntryGroup(name.namespace(), written.group());
        List<EntryRow> others =
                group == null ? List.of() : transaction.groups().of(group).stream().filter(row -> !row.name().equals(name)).toList();
        if (!others.isEmpty() && namespace.policy().endOf(others, transaction.now()) == EvictionCause.EXPIRED) {
            evicted.addAll(evictor.evict(transaction, others.getLast(), EvictionCause.EXPIRED));
            namespace = held(transaction, name);
            others = List.of();
        }
        if (group != null && others.size() >= EntryGroup.ENTRIES_MAX) {
            return groupFull(group);
        }
        Pin shared = others.isEmpty() ? null : others.getLast().pin();
        Pin pin = Pin.longer(before == null ? null : before.pin(), shared);
        if (before != null && joins) {
            NamespaceRow used = namespace.used();
            transaction.save(used);
            EntryRow joined = used.use(before.described(description).written(before.written().joinedBy(written)), 1, transaction.now());
            transaction.save(joined);
            transaction.used(joined, 0, false);
            PinDecisions.share(transaction, joined);
            return new Outcomes.Putting.Stored(before.generation(), null, evicted);
        }
        Evictor.Room room = evictor.room(
                transaction,
                (before == null ? namespace : namespace.without(before)).with(sizeBytes, pin != null),
                row -> row.name().equals(name) || (group != null && group.equals(row.group())));
        if (!room.suffices()) {
            return noRoom(room);
        }
        if (before != null) {
            evictor.replace(transaction, before);
            namespace = held(transaction, name);
        }
        NamespaceRow used = namespace.used();
        long generation = transaction.nextGeneration();
        EntryRow entry = new EntryRow(
                name,
                new EntryRow.Image(snapshotId, generation, sizeBytes, description),
                used.use(1, sizeBytes, description, transaction.now()),
                external,
                transaction.now(),
                pin,
                written,
                false);
        transaction.save(used.with(entry));
        transaction.save(entry);
        transaction.used(entry, 0, before == null);
        PinDecisions.share(transaction, entry);
        evicted.addAll(evictor.evict(transaction, room));
        return new Outcomes.Putting.Stored(generation, before == null ? null : before.snapshotId(), evicted);
    }

    private static Outcomes.Putting.Refused groupFull(EntryGroup group) {
        return new Outcomes.Putting.Refused(
                ReplicaOutcome.Reason.GROUP_FULL,
                "group: %s of namespace %s has %d entries already (expected: fewer, or another group)".formatted(
                        group.name(),
                        group.namespace(),
                        EntryGroup.ENTRIES_MAX));
    }

    private static Outcomes.Putting.Refused writtenAlready(EntryRow before) {
        Written written = before.written();
        return new Outcomes.Putting.Refused(
                ReplicaOutcome.Reason.WRITTEN_ALREADY,
                "key: %s of namespace %s, whose keys are written once, with another image (expected: snapshot %s%s, as %s wrote it at %s)"
                        .formatted(
                                before.name().key(),
                                before.name().namespace(),
                                before.snapshotId(),
                                written.content() == null ? "" : " with content " + written.content(),
                                written.by() == null ? "somebody" : "host " + written.by(),
                                before.createdAt()));
    }

    private static Outcomes.Putting.Refused noRoom(Evictor.Room room) {
        Policy policy = room.left().policy();
        EntryRow resident = room.resident();
        if (resident == null || policy.minResidency() == null) {
            return new Outcomes.Putting.Refused(
                    ReplicaOutcome.Reason.NO_ROOM,
                    "namespace %s: at its %s with this entry's group alone (expected: a smaller group, or a larger limit)"
                            .formatted(room.left().name(), policy.limits().exceeded(room.left())));
        }
        return new Outcomes.Putting.Refused(
                ReplicaOutcome.Reason.NO_ROOM,
                "namespace %s: at its %s, and entry %s would have to go, which was put or read within minResidency %s (expected: room from %s on, at the earliest)"
                        .formatted(
                                room.left().name(),
                                policy.limits().exceeded(room.left()),
                                resident.name().key(),
                                policy.minResidency(),
                                resident.lastAccessedAt().plus(policy.minResidency())));
    }

    Outcomes.Getting get(Transaction transaction, Command.Get command) {
        EntryName name = command.name();
        NamespaceRow namespace = transaction.namespace(name.namespace());
        if (namespace == null) {
            return new Outcomes.Getting.Miss();
        }
        EntryRow entry = transaction.entry(name, EntryLock.EXCLUSIVE);
        if (entry == null) {
            if (command.isCounted()) {
                transaction.save(namespace.counted(0, 1));
                transaction.counted(namespace.name(), 0, 1);
            }
            return new Outcomes.Getting.Miss();
        }
        EvictionCause end = evictor.endOf(transaction, namespace, entry);
        if (end != null) {
            if (command.isUse()) {
                evictor.evict(transaction, entry, end);
                transaction.save(held(transaction, name).counted(0, command.isCounted() ? 1 : 0));
                transaction.counted(name.namespace(), 0, command.isCounted() ? 1 : 0);
            }
            return new Outcomes.Getting.Miss();
        }
        NamespaceRow used = namespace.used().counted(command.isCounted() ? 1 : 0, 0);
        EntryRow touched = used.use(entry, 1, transaction.now());
        if (command.isUse()) {
            transaction.save(used);
            transaction.save(touched);
            transaction.used(touched, command.isCounted() ? 1 : 0, false);
        }
        return new Outcomes.Getting.Hit(touched);
    }

    Outcomes.Invalidation invalidate(Transaction transaction, Command.Invalidate command) {
        if (transaction.namespace(command.name().namespace()) == null) {
            return new Outcomes.Invalidation.Absent();
        }
        EntryRow entry = transaction.entry(command.name(), EntryLock.EXCLUSIVE);
        if (entry == null) {
            return new Outcomes.Invalidation.Absent();
        }
        SnapshotId expected = command.ifSnapshot();
        if (expected != null && !expected.equals(entry.snapshotId())) {
            return new Outcomes.Invalidation.Mismatch(entry.snapshotId());
        }
        evictor.evict(transaction, entry, EvictionCause.INVALIDATED);
        return new Outcomes.Invalidation.Invalidated(entry.snapshotId());
    }

    Outcomes.Cleaning clean(Transaction transaction, Command.Clean command) {
        NamespaceRow namespace = transaction.namespace(command.namespace());
        if (namespace == null) {
            return new Outcomes.Cleaning(0, 0);
        }
        long evicted = 0;
        while (evicted < command.limit()) {
            EntryRow victim = evictor.victim(transaction, command.namespace(), command.limit());
            if (victim == null) {
                break;
            }
            evicted += evictor.evict(transaction, victim, EvictionCause.CLEANED).size();
        }
        if (evicted < command.limit() && namespace.pinnedEntries() > 0) {
            for (EntryRow pinned : transaction.stored()
                    .entries()
                    .lockPinned(command.namespace(), Math.toIntExact(command.limit() - evicted))) {
                EntryRow still = transaction.adopt(pinned);
                evicted += still == null ? 0 : evictor.evict(transaction, still, EvictionCause.CLEANED).size();
            }
        }
        return new Outcomes.Cleaning(evicted, namespace.entries() - evicted);
    }

    private static NamespaceRow held(Transaction transaction, EntryName name) {
        NamespaceRow row = transaction.namespace(name.namespace());
        if (row == null) {
            throw new IllegalStateException("namespace " + name.namespace() + " vanished while it was held");
        }
        return row;
    }
}
