package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.registry.model.JoinRefusal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import org.jdbi.v3.core.Handle;

/** The table of join refusals. */
public final class JoinRefusalTable {
    private JoinRefusalTable() {}

    static void write(SortedMap<JoinRefusal.Asking, Optional<JoinRefusal>> joins, Instant now, Script script) {
        Columns.of(joins.entrySet().stream().filter(asked -> asked.getValue().isEmpty()).toList())
                .uuids("store", asked -> asked.getKey().storeId().value())
                .addTo(script, "DELETE FROM join_refusals WHERE store_id = ANY(:store)");
        List<JoinRefusal> refused = joins.values().stream().flatMap(Optional::stream).toList();
        Columns.of(refused)
                .texts("host", JoinRefusal::hostId)
                .uuids("store", refusal -> refusal.storeId().value())
                .texts("address", JoinRefusal::address)
                .texts("reason", JoinRefusal::reason)
                .texts("detail", JoinRefusal::detail)
                .times("at", JoinRefusal::at)
                .addTo(
                        script,
                        """
                                INSERT INTO join_refusals (host_id, store_id, address, reason, detail, refused_at)
                                SELECT u.* FROM unnest(:host, :store, :address, :reason, :detail, :at) AS u
                                ON CONFLICT (host_id, store_id) DO UPDATE
                                    SET address = excluded.address, reason = excluded.reason, detail = excluded.detail, refused_at = excluded.refused_at""");
        Columns.of(refused.isEmpty() ? List.<Instant>of() : List.of(now.minus(JoinRefusal.KEPT_FOR)))
                .times("before", before -> before)
                .addTo(
                        script,
                        """
                                DELETE FROM join_refusals WHERE ctid = ANY(ARRAY(
                                    SELECT ctid FROM join_refusals WHERE refused_at < (:before)[1] ORDER BY refused_at LIMIT 100 FOR UPDATE SKIP LOCKED))""");
        Columns.of(refused.isEmpty() ? List.<Integer>of() : List.of(JoinRefusal.KEPT_MAX))
                .ints("most", most -> most)
                .addTo(
                        script,
                        """
                                DELETE FROM join_refusals WHERE ctid = ANY(ARRAY(
                                    SELECT ctid FROM join_refusals ORDER BY refused_at DESC, host_id, store_id OFFSET (:most)[1] FOR UPDATE SKIP LOCKED))""");
    }

    public static List<JoinRefusal> latest(Handle handle, int limit) {
        return handle.createQuery("""
                SELECT * FROM join_refusals WHERE refused_at > now() - :shown * interval '1 second'
                ORDER BY refused_at DESC, host_id, store_id LIMIT :limit""")
                .bind("shown", JoinRefusal.SHOWN_FOR.toSeconds())
                .bind("limit", limit)
                .map(
                        (row, context) -> new JoinRefusal(
                                new HostId(row.getString("host_id")),
                                new StoreId(Columns.uuid(row, "store_id")),
                                row.getString("address"),
                                JoinAnswer.Reason.valueOf(row.getString("reason")),
                                row.getString("detail"),
                                Columns.instant(row, "refused_at")))
                .list();
    }
}
