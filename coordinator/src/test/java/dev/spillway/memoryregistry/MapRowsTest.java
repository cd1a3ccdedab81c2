package dev.spillway.memoryregistry;

import dev.spillway.events.RegistryId;
import dev.spillway.registry.decide.Transaction;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.store.Changes;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Rows in maps under transactions that interleave, as whoever lets them needs it. */
final class MapRowsTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final MapRows rows = new MapRows(new RegistryId(new UUID(1, 1)), 1, () -> NOW);

    private static Changes found(RegistryRow seen, long generation) {
        Transaction transaction = new Transaction(new MapRows(seen.id(), 1, () -> NOW));
        transaction.save(new RegistryRow(seen.id(), seen.epoch(), seen.highestGeneration(), null, new RegistryRow.Behind(generation, 1)));
        return transaction.changes();
    }

    @Test
    void whatIsFoundOfAnEpochThatIsOverMeanwhileIsForgotten() {
        Changes late = found(rows.registry(), 7);
        Transaction restored = new Transaction(rows);
        RegistryRow next = new RegistryRow(rows.registry().id(), 5, 100, NOW, null);
        restored.save(next);
        rows.apply(restored.changes());
        rows.apply(late);
        assertThat(rows.registry()).isEqualTo(next);
    }

    @Test
    void ofTwoFindingsTheHigherStaysAndWhatWasDrawnMeanwhileToo() {
        Changes first = found(rows.registry(), 7);
        Changes second = found(rows.registry(), 3);
        long drawn = rows.nextGenerations(2).getLast();
        rows.apply(first);
        rows.apply(second);
        assertThat(rows.registry().highestGeneration()).isEqualTo(drawn);
        assertThat(rows.registry().behind()).isEqualTo(new RegistryRow.Behind(7, 1));
    }
}
