package dev.spillway.coordinator.postgres.table;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.codec.Json;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.plan.PlanPurpose;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanRow.Making;
import dev.spillway.registry.plan.PlanRow.Tally;
import dev.spillway.registry.plan.PlanVictim;
import dev.spillway.registry.store.PlanChanges;
import dev.spillway.registry.store.PlanRows;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.Query;
import org.jspecify.annotations.Nullable;

/** Plans and their victims, in one transaction. Not thread-safe. */
public final class PlanTable implements PlanRows {
    private static final ObjectMapper JSON = Json.tolerant();

    public static final String VICTIMS =
            "SELECT * FROM plan_victims WHERE plan_id = :plan AND number > :after ORDER BY number LIMIT :limit";

    public static final String KEPT =
            "SELECT * FROM plan_victims WHERE plan_id = :plan AND number > :after AND outcome <> 'EVICTED' ORDER BY number LIMIT :limit";

    static final String NEWEST = "SELECT * FROM plans WHERE plan_id < :before%s ORDER BY plan_id DESC LIMIT :limit";

    /** Greater than the id of any plan. */
    private static final UUID LAST = new UUID(-1, -1);

    private static final RowMapper<PlanRow> PLAN = (row, context) -> new PlanRow(
            new PlanId(Columns.uuid(row, "plan_id")),
            new NamespaceName(row.getString("namespace")),
            purpose(row.getString("purpose")),
            new Actor(row.getString("actor")),
            PlanRow.State.valueOf(row.getString("state")),
            new Making(
                    row.getLong("namespace_entries"),
                    row.getLong("allowed"),
                    row.getLong("selected_entries"),
                    row.getLong("selected_bytes"),
                    new Place(row.getDouble("looked_to_priority"), row.getLong("looked_to")),
                    row.getLong("victims"),
                    row.getLong("victim_bytes")),
            new Tally(
                    row.getLong("done"),
                    row.getLong("evicted"),
                    row.getLong("evicted_bytes"),
                    row.getLong("gone"),
                    row.getLong("replaced"),
                    row.getLong("pinned"),
                    row.getLong("used"),
                    Columns.nullableLong(row, "beyond")),
            Columns.instant(row, "created_at"),
            Columns.instant(row, "expires_at"),
            Columns.nullableInstant(row, "applied_at"));

    private static final RowMapper<PlanVictim> VICTIM = (row, context) -> {
        String outcome = row.getString("outcome");
        return new PlanVictim(
                row.getLong("number"),
                new EntryKey(row.getString("key")),
                new SnapshotId(row.getString("snapshot_id")),
                row.getLong("generation"),
                row.getLong("size_bytes"),
                row.getLong("last_use"),
                PlanVictim.Reason.valueOf(row.getString("reason")),
                row.getBoolean("follows"),
                outcome == null ? null : PlanVictim.Outcome.valueOf(outcome));
    };

    private final Handle handle;

    public PlanTable(Handle handle) {
        this.handle = handle;
    }

    @Override
    public Optional<PlanRow> plan(PlanId id) {
        return handle.createQuery("SELECT * FROM plans WHERE plan_id = :id").bind("id", id.value()).map(PLAN).findOne();
    }

    /** Returns the plans made before {@code before}, or all if that is null, newest first. */
    public List<PlanRow> newest(@Nullable NamespaceName namespace, @Nullable PlanId before, int limit) {
        Query query = handle.createQuery(NEWEST.formatted(namespace == null ? "" : " AND namespace = :namespace"))
                .bind("before", before == null ? LAST : before.value())
                .bind("limit", limit);
        return (namespace == null ? query : query.bind("namespace", namespace.value())).map(PLAN).list();
    }

    @Override
    public List<PlanVictim> victims(PlanId id, long after, int limit) {
        return read(VICTIMS, id, after, limit);
    }

    /** Reads settled victims that were not evicted. */
    public List<PlanVictim> kept(PlanId id, long after, int limit) {
        return read(KEPT, id, after, limit);
    }

    private List<PlanVictim> read(String sql, PlanId id, long after, int limit) {
        return handle.createQuery(sql).bind("plan", id.value()).bind("after", after).bind("limit", limit).map(VICTIM).list();
    }

    static void apply(PlanChanges changes, Script script) {
        write(changes.plans().values(), script);
        List<VictimOf> chosen = of(changes.chosen());
        Columns.of(chosen)
                .uuids("plan", row -> row.plan().value())
                .longs("number", row -> row.victim().number())
                .texts("key", row -> row.victim().key())
                .texts("snapshot", row -> row.victim().snapshotId())
                .longs("generation", row -> row.victim().generation())
                .longs("size", row -> row.victim().sizeBytes())
                .longs("use", row -> row.victim().lastUse())
                .texts("reason", row -> row.victim().reason())
                .booleans("follows", row -> row.victim().follows())
                .addTo(script, """
                        INSERT INTO plan_victims (plan_id, number, key, snapshot_id, generation, size_bytes, last_use, reason, follows)
                        SELECT u.* FROM unnest(:plan, :number, :key, :snapshot, :generation, :size, :use, :reason, :follows) AS u""");
        Columns.of(of(changes.settled()))
                .uuids("plan", row -> row.plan().value())
                .longs("number", row -> row.victim().number())
                .texts("outcome", row -> row.victim().outcome())
                .addTo(script, """
                        UPDATE plan_victims v SET outcome = u.outcome FROM unnest(:plan, :number, :outcome) AS u (plan_id, number, outcome)
                        WHERE v.plan_id = u.plan_id AND v.number = u.number""");
    }

    private record VictimOf(PlanId plan, PlanVictim victim) {}

    private static List<VictimOf> of(Map<PlanId, List<PlanVictim>> victims) {
        List<VictimOf> all = new ArrayList<>();
        victims.forEach((plan, rows) -> rows.forEach(victim -> all.add(new VictimOf(plan, victim))));
        return all;
    }

    private static void write(Collection<PlanRow> rows, Script script) {
        Columns.of(rows)
                .uuids("id", row -> row.id().value())
                .texts("namespace", PlanRow::namespace)
                .texts("purpose", row -> json(row.purpose()))
                .texts("actor", PlanRow::actor)
                .texts("state", PlanRow::state)
                .longs("entries", row -> row.made().namespaceEntries())
                .longs("allowed", row -> row.made().allowed())
                .longs("selectedEntries", row -> row.made().selectedEntries())
                .longs("selectedBytes", row -> row.made().selectedBytes())
                .longs("lookedTo", row -> row.made().lookedTo().use())
                .doubles("lookedToPriority", row -> row.made().lookedTo().priority())
                .longs("victims", row -> row.made().victims())
                .longs("victimBytes", row -> row.made().victimBytes())
                .longs("done", row -> row.applied().done())
                .longs("evicted", row -> row.applied().evicted())
                .longs("evictedBytes", row -> row.applied().evictedBytes())
                .longs("gone", row -> row.applied().gone())
                .longs("replaced", row -> row.applied().replaced())
                .longs("pinned", row -> row.applied().pinned())
                .longs("used", row -> row.applied().used())
                .nullableLongs("beyond", row -> row.applied().beyond())
                .times("created", PlanRow::createdAt)
                .times("expires", PlanRow::expiresAt)
                .times("appliedAt", PlanRow::appliedAt)
                .addTo(
                        script,
                        """
                                INSERT INTO plans AS p (plan_id, namespace, purpose, actor, state, namespace_entries, allowed, selected_entries, selected_bytes,
                                    looked_to, looked_to_priority, victims, victim_bytes, done, evicted, evicted_bytes, gone, replaced, pinned, used, beyond, created_at,
                                    expires_at, applied_at)
                                SELECT u.* FROM unnest(:id, :namespace, :purpose::text[]::jsonb[], :actor, :state, :entries, :allowed, :selectedEntries,
                                    :selectedBytes, :lookedTo, :lookedToPriority, :victims, :victimBytes, :done, :evicted, :evictedBytes, :gone, :replaced, :pinned, :used,
                                    :beyond, :created, :expires, :appliedAt) AS u
                                ON CONFLICT (plan_id) DO UPDATE SET state = excluded.state, selected_entries = excluded.selected_entries,
                                    selected_bytes = excluded.selected_bytes, looked_to = excluded.looked_to,
                                    looked_to_priority = excluded.looked_to_priority, victims = excluded.victims,
                                    victim_bytes = excluded.victim_bytes, done = excluded.done, evicted = excluded.evicted,
                                    evicted_bytes = excluded.evicted_bytes, gone = excluded.gone, replaced = excluded.replaced, pinned = excluded.pinned,
                                    used = excluded.used, beyond = excluded.beyond, expires_at = excluded.expires_at, applied_at = excluded.applied_at""");
    }

    private static PlanPurpose purpose(String json) {
        try {
            return JSON.readValue(json, PlanPurpose.class);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored purpose of a plan: " + json + " (expected: one that this version knows)", e);
        }
    }

    private static String json(PlanPurpose purpose) {
        try {
            return JSON.writerFor(PlanPurpose.class).writeValueAsString(purpose);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("purpose: " + purpose + " (expected: what can be written as JSON)", e);
        }
    }
}
