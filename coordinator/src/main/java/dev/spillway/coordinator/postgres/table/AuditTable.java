package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.EntryKey;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.registry.JsonSize;
import dev.spillway.registry.RegistryQueries.Page;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.trail.AuditRecord;
import dev.spillway.registry.trail.AuditRecord.Action;
import dev.spillway.registry.trail.AuditRecord.Subject;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** The table of the audit trail. */
public final class AuditTable {
    private record Row(long number, AuditRecord record) {}

    private AuditTable() {}

    static void add(List<AuditRecord> records, Script script) {
        Columns.of(records)
                .times("at", AuditRecord::at)
                .texts("actor", AuditRecord::actor)
                .texts("action", AuditRecord::action)
                .texts("namespace", record -> record.subject().namespace())
                .texts("key", record -> record.subject().key())
                .texts("host", record -> record.subject().host())
                .uuids("plan", record -> uuid(record.subject().plan()))
                .texts("detail", AuditRecord::detail)
                .addTo(script, """
                        INSERT INTO audit (recorded_at, actor, action, namespace, key, host_id, plan_id, detail)
                        SELECT * FROM unnest(:at, :actor, :action, :namespace, :key, :host, :plan, :detail)""");
    }

    private static @Nullable UUID uuid(@Nullable PlanId plan) {
        return plan == null ? null : plan.value();
    }

    /** Adds a record of a change of tokens, as of now. */
    static void add(Handle handle, Actor actor, Action action, String detail) {
        handle.createUpdate("INSERT INTO audit (recorded_at, actor, action, detail) VALUES (now(), :actor, :action, :detail)")
                .bind("actor", actor.value())
                .bind("action", action.name())
                .bind("detail", detail)
                .execute();
    }

    public static Page<AuditRecord> newest(Handle handle, AuditRecord.Filter filter, long before, int limit) {
        List<Row> rows = handle.createQuery("""
                SELECT * FROM audit WHERE number < :before AND (:namespace::text IS NULL OR namespace = :namespace)
                    AND (:host::text IS NULL OR host_id = :host) AND (:actor::text IS NULL OR actor = :actor)
                ORDER BY number DESC LIMIT :limit""")
                .bind("before", before)
                .bind("namespace", filter.namespace() == null ? null : filter.namespace().value())
                .bind("host", filter.host() == null ? null : filter.host().value())
                .bind("actor", filter.actor())
                .bind("limit", limit + 1)
                .map((row, context) -> new Row(row.getLong("number"), record(row)))
                .list();
        Function<Row, String> cursor = row -> Long.toString(row.number());
        return Page.of(rows.iterator(), limit, cursor, Row::record, JsonSize::of);
    }

    private static AuditRecord record(ResultSet row) throws SQLException {
        String namespace = row.getString("namespace");
        String key = row.getString("key");
        String host = row.getString("host_id");
        UUID plan = Columns.nullableUuid(row, "plan_id");
        return new AuditRecord(
                Columns.instant(row, "recorded_at"),
                new Actor(row.getString("actor")),
                Action.valueOf(row.getString("action")),
                new Subject(
                        namespace == null ? null : new NamespaceName(namespace),
                        key == null ? null : new EntryKey(key),
                        host == null ? null : new HostId(host),
                        plan == null ? null : new PlanId(plan)),
                row.getString("detail"));
    }
}
