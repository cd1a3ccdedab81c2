package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.RegistryId;
import dev.spillway.registry.model.RegistryRow;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;

/** The registry's own row, and the sequence of its generations. */
public final class RegistryTable {
    static final String COLUMNS = "r.id, r.epoch, r.restored_at, r.behind_generation, r.behind_epoch, "
            + "CASE WHEN g.is_called THEN g.last_value ELSE 0 END AS generation ";

    static final RowMapper<RegistryRow> MAPPER = (row, context) -> {
        Long behind = Columns.nullableLong(row, "behind_generation");
        return new RegistryRow(
                new RegistryId(Columns.uuid(row, "id")),
                row.getLong("epoch"),
                row.getLong("generation"),
                Columns.nullableInstant(row, "restored_at"),
                behind == null ? null : new RegistryRow.Behind(behind, row.getLong("behind_epoch")));
    };

    private RegistryTable() {}

    static RegistryRow lock(Handle handle) {
        // The row is locked before the next statement reads the sequence.
        handle.createQuery("SELECT r.epoch FROM registry r FOR UPDATE").mapTo(Long.class).one();
        return read(handle);
    }

    public static RegistryRow read(Handle handle) {
        return handle.createQuery("SELECT " + COLUMNS + " FROM registry r CROSS JOIN generations g").map(MAPPER).one();
    }

    /**
     * Writes the changed row. A finding about an epoch that has ended in the meantime is discarded.
     *
     * @param before the epoch in which it was decided
     */
    static void write(RegistryRow registry, long before, Script script) {
        if (registry.epoch() == before) {
            Columns.of(registry.behind() == null ? List.<RegistryRow.Behind>of() : List.of(registry.behind()))
                    .longs("generation", RegistryRow.Behind::generation)
                    .longs("epoch", RegistryRow.Behind::epoch)
                    .longs("now", ignored -> before)
                    .addTo(script, """
                            UPDATE registry SET behind_generation = greatest(behind_generation, (:generation)[1]),
                                behind_epoch = greatest(behind_epoch, (:epoch)[1]) WHERE epoch = (:now)[1]""");
            return;
        }
        Columns.of(List.of(registry))
                .longs("epoch", RegistryRow::epoch)
                .times("restored", RegistryRow::restoredAt)
                .addTo(
                        script,
                        """
                                UPDATE registry SET epoch = (:epoch)[1], restored_at = (:restored)[1], behind_generation = NULL, behind_epoch = NULL,
                                    activity_trimmed_id =\s"""
                                + ActivityTable.LAST_DRAWN);
        Columns.of(List.of(registry))
                .longs("generation", RegistryRow::highestGeneration)
                .addTo(
                        script,
                        "SELECT setval('generations', greatest((:generation)[1], (SELECT last_value FROM generations)))",
                        (row, context) -> row.getLong(1));
        script.add("UPDATE hosts SET attention = NULL WHERE attention IS NOT NULL", Map.of());
    }
}
