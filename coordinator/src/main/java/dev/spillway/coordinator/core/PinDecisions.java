package dev.spillway.coordinator.core;

import dev.spillway.coordinator.core.Rows.EntryLock;
import dev.spillway.events.EntryName;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Pins: given, changed, lifted. */
final class PinDecisions {
    Outcomes.Pinning set(WorkingSet transaction, Command.SetPin command) {
        NamespaceRow namespace = transaction.namespace(command.name().namespace());
        EntryRow entry = namespace == null ? null : transaction.entry(command.name(), EntryLock.EXCLUSIVE);
        if (namespace == null || entry == null) {
            return new Outcomes.Pinning.Absent();
        }
        Instant until = command.until() == null ? null : command.until().truncatedTo(ChronoUnit.MICROS);
        if (until != null && !until.isAfter(transaction.now())) {
            return new Outcomes.Pinning.Refused("until: " + command.until() + " (expected: a time after " + transaction.now()
                    + ", which it is at the registry)");
        }
        EntryRow pinned = entry.pinned(new Pin(command.reason(), until, transaction.now()));
        transaction.save(namespace.without(entry).with(pinned));
        transaction.save(pinned);
        return new Outcomes.Pinning.Pinned(new Pin(command.reason(), until, transaction.now()));
    }

    Outcomes.Pinning lift(WorkingSet transaction, EntryName name) {
        NamespaceRow namespace = transaction.namespace(name.namespace());
        EntryRow entry = namespace == null ? null : transaction.entry(name, EntryLock.EXCLUSIVE);
        if (namespace == null || entry == null) {
            return new Outcomes.Pinning.Absent();
        }
        if (entry.pin() == null) {
            return new Outcomes.Pinning.Lifted(false);
        }
        lift(transaction, namespace, entry);
        return new Outcomes.Pinning.Lifted(true);
    }

    /** Takes the pin off an entry that is held together with its namespace. It keeps its place in the order of use. */
    void lift(WorkingSet transaction, NamespaceRow namespace, EntryRow entry) {
        EntryRow free = entry.pinned(null);
        transaction.save(namespace.without(entry).with(free).pinLifted());
        transaction.save(free);
    }
}
