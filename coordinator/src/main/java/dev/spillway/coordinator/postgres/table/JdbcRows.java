package dev.spillway.coordinator.postgres.table;

import dev.spillway.coordinator.postgres.statement.Columns;
import dev.spillway.coordinator.postgres.statement.Script;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.Changes;
import dev.spillway.registry.store.EntryRows;
import dev.spillway.registry.store.EvictionRows;
import dev.spillway.registry.store.ExpiryRows;
import dev.spillway.registry.store.HostRows;
import dev.spillway.registry.store.NamespaceRows;
import dev.spillway.registry.store.OrderRows;
import dev.spillway.registry.store.PlanRows;
import dev.spillway.registry.store.ReplicaRows;
import dev.spillway.registry.store.Rows;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;

/**
 * The rows as one READ COMMITTED transaction of PostgreSQL sees them. Each statement sees what was committed before it began, and a locking one sees
 * the newest version of what it waited for. A row inserted by another transaction meanwhile is seen only by the next statement. So every kind is read
 * by a statement of its own. Not thread-safe.
 */
public final class JdbcRows implements Rows {
    private record Opening(Instant now, RegistryRow registry, long policyVersion) {}

    private final Handle handle;
    private final Opening opening;
    private final HostTable hosts;
    private final VictimPrefetch ahead;
    private final NamespaceTable namespaces;
    private final EntryTable entries;
    private final ReplicaTable replicas;
    private final OrderTable orders;
    private final EvictionTable evictions;
    private final PlanTable plans;

    private JdbcRows(Handle handle, LeastPlaces leastPlaces, Opening opening, HostTable hosts) {
        this.handle = handle;
        this.opening = opening;
        this.hosts = hosts;
        ahead = new VictimPrefetch(leastPlaces);
        namespaces = new NamespaceTable(handle, opening.policyVersion());
        entries = new EntryTable(handle, leastPlaces, ahead, namespaces, opening.registry().epoch(), opening.now());
        replicas = new ReplicaTable(handle, ahead, opening.now());
        orders = new OrderTable(handle, opening.now(), replicas);
        evictions = new EvictionTable(handle, opening.registry().restoredAt() != null, opening.now());
        plans = new PlanTable(handle);
    }

    /**
     * Opens the view in a transaction that was just begun.
     *
     * @param ahead hosts to be locked at once, as {@link HostRows#lockHosts} would later
     */
    public static JdbcRows open(Handle handle, int partitions, LeastPlaces leastPlaces, SortedMap<HostId, HostLock> ahead) {
        Script script = new Script();
        HostTable hosts = new HostTable(handle, partitions);
        Supplier<Map<HostId, HostRow>> locked = hosts.lock(ahead, script);
        // After the hosts: a transaction that waited for a host that joined in a new epoch belongs to that epoch. No host joins in another one while
        // they are locked.
        Script.Found<Opening> opening = script.add(
                "SELECT now() AS now, r.policy_version, " + RegistryTable.COLUMNS + " FROM registry r CROSS JOIN generations g",
                Map.of(),
                (row, context) -> new Opening(
                        Columns.instant(row, "now"),
                        RegistryTable.MAPPER.map(row, context),
                        row.getLong("policy_version")));
        script.run(handle);
        hosts.lockedAhead(ahead, locked.get());
        return new JdbcRows(handle, leastPlaces, opening.rows().getFirst(), hosts);
    }

    @Override
    public Instant now() {
        return opening.now();
    }

    @Override
    public RegistryRow registry() {
        return opening.registry();
    }

    @Override
    public RegistryRow lockRegistry() {
        return RegistryTable.lock(handle);
    }

    @Override
    public HostRows hosts() {
        return hosts;
    }

    @Override
    public NamespaceRows namespaces() {
        return namespaces;
    }

    @Override
    public EntryRows entries() {
        return entries;
    }

    @Override
    public ExpiryRows expiry() {
        return entries;
    }

    @Override
    public ReplicaRows replicas() {
        return replicas;
    }

    @Override
    public OrderRows orders() {
        return orders;
    }

    @Override
    public EvictionRows evictions() {
        return evictions;
    }

    @Override
    public PlanRows plans() {
        return plans;
    }

    /** Locks all kinds of rows in one round trip. Later statements of a script see what was committed while earlier ones waited for their locks. */
    @Override
    public LockedRows lock(LockRequest asked) {
        Script script = new Script();
        Supplier<Set<ReplicaId>> unrecorded = replicas.record(asked.ids(), script);
        Supplier<Map<NamespaceName, NamespaceRow>> locked = namespaces.lock(asked.namespaces(), script);
        Supplier<Map<EntryName, EntryRow>> changing = entries.lock(asked.changing(), EntryLock.EXCLUSIVE, script);
        Supplier<Map<EntryName, EntryRow>> staying = entries.lock(asked.staying(), EntryLock.SHARED, script);
        Supplier<Map<ReplicaId, ReplicaRow>> named = replicas.lock(asked.replicas(), script);
        int puts = asked.puts().values().stream().mapToInt(Integer::intValue).sum();
        Supplier<List<Long>> generations = puts == 0 ? List::of : NamespaceTable.nextGenerations(puts, script);
        Runnable victims = ahead.read(asked.puts(), asked.holdersEach(), script);
        script.run(handle);
        victims.run();
        Map<EntryName, EntryRow> found = new HashMap<>(changing.get());
        found.putAll(staying.get());
        return new LockedRows(unrecorded.get(), locked.get(), found, named.get(), generations.get());
    }

    @Override
    public void apply(Changes changes) {
        Script script = new Script();
        write(changes, script);
        script.run(handle);
    }

    /** Adds what writes the changes. */
    public void write(Changes changes, Script script) {
        hosts.write(changes.hosts().rows().values(), script);
        namespaces.write(changes.namespaces().rows().values(), script);
        if (changes.registry().policiesChanged()) {
            NamespaceTable.risePolicyVersion(script);
        }
        NamespaceTable.riseEvictionCounts(changes.namespaces().evictionCounts(), script);
        EntryTable.delete(changes.entries().gone(), script);
        entries.write(changes.entries().rows().values(), script);
        replicas.write(changes.replicas().rows().values(), script);
        replicas.close(changes.replicas().closed().values(), script);
        orders.makeDue(changes.hosts().ordersDue(), script);
        evictions.add(changes.evictions().added(), changes.evictions().unfinished(), script);
        EvictionTable.finish(changes.evictions().finished(), script);
        EvictionTable.handOut(changes.evictions().factsHandedOut(), script);
        evictions.publish(changes.evictions().factsPublished(), script);
        HostTable.replaceSightings(changes.hosts().sightings(), script);
        HostTable.replaceInUse(changes.hosts().inUse(), script);
        JoinRefusalTable.write(changes.hosts().joins(), opening.now(), script);
        PlanTable.apply(changes.plans(), script);
        if (changes.registry().row() != null) {
            RegistryTable.write(changes.registry().row(), registry().epoch(), script);
        }
        AuditTable.add(changes.log().audit(), script);
        ActivityTable.add(changes.log().activity(), script);
    }
}
