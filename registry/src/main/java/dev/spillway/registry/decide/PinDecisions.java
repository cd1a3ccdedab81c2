package dev.spillway.registry.decide;

import dev.spillway.events.EntryName;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.Pin;
import dev.spillway.registry.store.Rows.EntryLock;
import dev.spillway.registry.trail.AuditRecord;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** Decisions on pins: setting, changing and lifting them. All entries of a group have the same pin. */
final class PinDecisions {
    Outcomes.Pinning set(Transaction transaction, Command.SetPin command) {
        NamespaceRow namespace = transaction.namespace(command.name().namespace());
        EntryRow entry = namespace == null ? null : transaction.entry(command.name(), EntryLock.EXCLUSIVE);
        if (namespace == null || entry == null) {
            return new Outcomes.Pinning.Absent();
        }
        Instant until = command.until() == null ? null : command.until().truncatedTo(ChronoUnit.MICROS);
        if (until != null && !until.isAfter(transaction.now())) {
            return new Outcomes.Pinning.Refused(
                    "until: " + command.until() + " (expected: a time after " + transaction.now()
                            + ", which it is at the registry)");
        }
        Pin pin = new Pin(command.reason(), until, transaction.now());
        pin(transaction, transaction.withGroup(entry), pin);
        transaction.audit(
                AuditRecord.Action.PIN,
                AuditRecord.Subject.of(entry.name()),
                pin.reason().value() + (until == null ? "" : ", until " + until));
        return new Outcomes.Pinning.Pinned(pin);
    }

    /** Gives all entries of a group the pin of theirs that ends last. */
    static void share(Transaction transaction, EntryRow entry) {
        if (entry.group() == null) {
            return;
        }
        List<EntryRow> whole = transaction.withGroup(entry);
        Pin longest = null;
        for (EntryRow member : whole) {
            longest = Pin.longer(longest, member.pin());
        }
        if (longest != null) {
            pin(transaction, whole, longest);
        }
    }

    private static void pin(Transaction transaction, List<EntryRow> entries, Pin pin) {
        for (EntryRow entry : entries) {
            if (!pin.equals(entry.pin())) {
                EntryRow pinned = entry.pinned(pin);
                transaction.save(held(transaction, entry).without(entry).with(pinned));
                transaction.save(pinned);
            }
        }
    }

    Outcomes.Pinning lift(Transaction transaction, EntryName name) {
        NamespaceRow namespace = transaction.namespace(name.namespace());
        EntryRow entry = namespace == null ? null : transaction.entry(name, EntryLock.EXCLUSIVE);
        if (namespace == null || entry == null) {
            return new Outcomes.Pinning.Absent();
        }
        if (entry.pin() == null) {
            return new Outcomes.Pinning.Lifted(false);
        }
        lift(transaction, entry);
        transaction.audit(AuditRecord.Action.UNPIN, AuditRecord.Subject.of(entry.name()), "");
        return new Outcomes.Pinning.Lifted(true);
    }

    /**
     * Lifts the pin of an entry and of the rest of its group. The caller has locked the entry and its namespace. The entries keep their places in the
     * order of eviction.
     */
    void lift(Transaction transaction, EntryRow entry) {
        for (EntryRow member : transaction.withGroup(entry)) {
            if (member.pin() != null) {
                EntryRow free = member.pinned(null);
                transaction.save(held(transaction, entry).without(member).with(free).entryReturned());
                transaction.save(free);
            }
        }
    }

    private static NamespaceRow held(Transaction transaction, EntryRow entry) {
        NamespaceRow row = transaction.namespace(entry.name().namespace());
        if (row == null) {
            throw new IllegalStateException("entry " + entry.name() + " without its namespace");
        }
        return row;
    }
}
