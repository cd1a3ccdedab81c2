package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.StorageFailure;
import dev.spillway.coordinator.postgres.table.EntryTable;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.StoreId;
import dev.spillway.registry.RegistryQueries.EntryView;
import dev.spillway.registry.RegistryQueries.ReplicaView;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.InUse;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

import static dev.spillway.registry.RegistryQueries.LIMIT_MAX;

/**
 * Reads single entries without changing anything. Reads that arrive while a statement runs are gathered into the next statement, which uses one
 * snapshot. Thread-safe.
 */
final class EntryReads implements AutoCloseable {
    /** Number of concurrent statements: while the database runs one, the rows of the other are turned into answers. */
    static final int UNDER_WAY = 2;
    /** Upper bound on the keys of one statement. */
    private static final int BATCH_MAX = 1_024;

    static final String ENTRIES = "SELECT " + EntryTable.COLUMNS
            + """
                    , r.replica_id, r.host_id, r.store_id, r.address, r.state, r.registered_at, u.held_until, u.holds
                    FROM unnest(:namespaces, :keys) AS asked (namespace, key)
                    JOIN entries e ON e.namespace = asked.namespace AND e.key = asked.key
                    LEFT JOIN LATERAL (
                        SELECT r.replica_id, r.host_id, h.store_id, h.address, CASE WHEN r.doom_cause IS NULL THEN 'LIVE' ELSE 'DOOMED' END AS state, r.registered_at
                        FROM replicas r JOIN hosts h ON h.host_id = r.host_id
                        WHERE r.generation = e.generation AND r.namespace = e.namespace AND r.key = e.key
                        ORDER BY r.doom_cause IS NULL AND h.state = 'ACTIVE' DESC, r.replica_id LIMIT :limit) AS r ON true
                    LEFT JOIN held_replicas u ON u.host_id = r.host_id AND u.replica_id = r.replica_id AND u.held_until > now()""";

    private record Found(EntryRow entry, @Nullable ReplicaView replica) {}

    /** A read with a waiting caller. */
    private static final class PendingRead extends Pending<Optional<EntryView>> {
        private final EntryName entry;

        PendingRead(EntryName entry, Duration deadline) {
            super(deadline);
            this.entry = entry;
        }

        @Override
        String name() {
            return "reading entry " + entry;
        }

        @Override
        int weight() {
            return 1;
        }

        @Override
        @Nullable
        Object soleIn() {
            return null;
        }
    }

    private final Jdbi jdbi;
    private final Duration deadline;
    private final Lane<PendingRead> lane;

    EntryReads(Jdbi jdbi, PostgresRegistrySettings settings) {
        this.jdbi = jdbi;
        this.deadline = settings.commandDeadline();
        this.lane = new Lane<>("registry-reads", UNDER_WAY, settings.waitingMax(), BATCH_MAX, this::carryOut);
    }

    Optional<EntryView> read(EntryName entry) {
        PendingRead read = new PendingRead(entry, deadline);
        lane.run(read);
        return read.get();
    }

    @Override
    public void close() {
        lane.close();
    }

    private void carryOut(Supplier<List<PendingRead>> batch) {
        try {
            jdbi.useHandle(handle -> {
                List<PendingRead> reads = batch.get();
                Map<EntryName, EntryRow> entries = new HashMap<>();
                Map<EntryName, List<ReplicaView>> replicas = new HashMap<>();
                Columns.of(new LinkedHashSet<>(reads.stream().map(read -> read.entry).toList()))
                        .texts("namespaces", EntryName::namespace)
                        .texts("keys", EntryName::key)
                        .bindTo(handle.createQuery(ENTRIES))
                        .bind("limit", LIMIT_MAX)
                        .map((row, context) -> new Found(EntryTable.MAPPER.map(row, context), replica(row)))
                        .forEach(found -> {
                            entries.put(found.entry().name(), found.entry());
                            if (found.replica() != null) {
                                replicas.computeIfAbsent(found.entry().name(), name -> new ArrayList<>()).add(found.replica());
                            }
                        });
                for (PendingRead read : reads) {
                    read.answer(
                            Optional.ofNullable(entries.get(read.entry))
                                    .map(entry -> EntryView.of(entry, List.copyOf(replicas.getOrDefault(read.entry, List.of())))));
                }
            });
        } catch (RuntimeException e) {
            for (PendingRead read : batch.get()) {
                read.fail(StorageFailure.told(read.name() + " failed", e));
            }
        }
    }

    private static @Nullable ReplicaView replica(ResultSet row) throws SQLException {
        String host = row.getString("host_id");
        if (host == null) {
            return null;
        }
        ReplicaId id = new ReplicaId(Columns.uuid(row, "replica_id"));
        Instant until = Columns.nullableInstant(row, "held_until");
        return new ReplicaView(
                id,
                new HostId(host),
                new StoreId(Columns.uuid(row, "store_id")),
                row.getString("address"),
                row.getString("state"),
                Columns.instant(row, "registered_at"),
                until == null ? null : new InUse(id, until, row.getLong("holds")));
    }
}
