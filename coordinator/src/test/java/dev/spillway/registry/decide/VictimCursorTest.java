package dev.spillway.registry.decide;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PinReason;
import dev.spillway.events.RegistryId;
import dev.spillway.events.SnapshotId;
import dev.spillway.memoryregistry.MapRows;
import dev.spillway.registry.store.Changes;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Victims of one transaction, after it has changed what it read of them. */
final class VictimCursorTest {
    private static final NamespaceName NAMESPACE = new NamespaceName("images");

    private final MapRows rows = new MapRows(new RegistryId(new UUID(1, 1)), 1, () -> Instant.parse("2026-01-01T00:00:00Z"));
    private final Decisions decisions = new Decisions(RegistryRules.DEFAULTS, new Random(1));

    private static EntryName name(String key) {
        return new EntryName(NAMESPACE, new EntryKey(key));
    }

    private static Command.Put put(String key) {
        return new Command.Put(name(key), new SnapshotId(key.repeat(64)), 1, Description.NONE);
    }

    /** Carries commands out in one transaction, and returns the keys that are evicted then. */
    private List<String> evictedBy(Command<?>... commands) {
        Transaction transaction = new Transaction(rows);
        decisions.prepare(List.of(commands), transaction);
        for (Command<?> command : commands) {
            decisions.decide(command, transaction);
        }
        Changes changes = transaction.changes();
        rows.apply(changes);
        return changes.evictions().added().stream().map(eviction -> eviction.fact().key().value()).toList();
    }

    @Test
    void whatATransactionPinsAfterItReadThePossibleVictimsIsNone() {
        evictedBy(new Command.SetPolicy(NAMESPACE, 4L, null, 1.0));
        evictedBy(put("a"), put("b"), put("c"), put("d"));

        assertThat(evictedBy(put("e"), new Command.SetPin(name("b"), new PinReason("kept"), null), put("f"), put("0")))
                .as("b is pinned, so the others have room for 4")
                .containsExactly("a", "c");
    }
}
