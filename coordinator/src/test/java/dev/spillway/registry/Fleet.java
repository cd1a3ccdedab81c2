package dev.spillway.registry;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PinReason;
import dev.spillway.events.PlanId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.RegistryQueries.EntryView;
import dev.spillway.registry.RegistryQueries.EvictionFilter;
import dev.spillway.registry.RegistryQueries.EvictionView;
import dev.spillway.registry.RegistryQueries.NamespaceView;
import dev.spillway.registry.RegistryQueries.ReplicaView;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.AddressedOrder;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.plan.PlanPurpose;
import dev.spillway.registry.plan.PlanRow;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A registry addressed in short words: one namespace {@value #NS} unless another is named, entries of one byte unless said otherwise. */
public final class Fleet {
    public static final String NS = "snapshots";
    private static final Random RANDOM = new Random(20261121);

    public final Registry registry;

    public Fleet(Registry registry) {
        this.registry = registry;
    }

    /** A registry with a namespace of this capacity. */
    public static Fleet withCapacity(Registry registry, long maxEntries) {
        Fleet fleet = new Fleet(registry);
        fleet.namespace(NS, maxEntries);
        return fleet;
    }

    public static EntryName name(String key) {
        return new EntryName(new NamespaceName(NS), new EntryKey(key));
    }

    public static NamespaceName ns(String name) {
        return new NamespaceName(name);
    }

    public static ReplicaId newReplicaId() {
        synchronized (RANDOM) {
            return ReplicaId.mint(Instant.parse("2026-11-21T00:00:00Z"), RANDOM);
        }
    }

    public static Description labelled(String... namesAndValues) {
        TreeMap<String, String> labels = new TreeMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            labels.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return new Description("", labels);
    }

    public Outcomes.PolicySetting namespace(String name, @Nullable Long maxEntries) {
        return registry.execute(new Command.SetPolicy(ns(name), maxEntries, null, null));
    }

    public Outcomes.Putting put(String key, String snapshotId) {
        return put(key, snapshotId, 1);
    }

    public Outcomes.Putting put(String key, String snapshotId, long sizeBytes) {
        return registry.execute(new Command.Put(name(key), new SnapshotId(snapshotId), sizeBytes, Description.NONE));
    }

    /** Puts and tells which keys were evicted for it, oldest first. */
    public List<String> evictedByPutting(String key) {
        return evictedKeys(put(key, "image-of-" + key));
    }

    public static List<String> evictedKeys(Outcomes.Putting putting) {
        return switch (putting) {
            case Outcomes.Putting.Stored stored -> stored.evicted().stream().map(evicted -> evicted.key().value()).toList();
            case Outcomes.Putting.Refused refused -> throw new AssertionError("refused: " + refused.detail());
        };
    }

    /** The snapshot that a read finds, or null. */
    public @Nullable String get(String key) {
        return switch (registry.execute(new Command.Get(name(key)))) {
            case Outcomes.Getting.Hit hit -> hit.entry().snapshotId().value();
            case Outcomes.Getting.Miss _ -> null;
        };
    }

    public Outcomes.Invalidation invalidate(String key, @Nullable String ifSnapshot) {
        return registry.execute(new Command.Invalidate(name(key), ifSnapshot == null ? null : new SnapshotId(ifSnapshot)));
    }

    /** Puts an entry and deletes it, which is one eviction. */
    public void evict(String key) {
        put(key, "image-of-" + key);
        invalidate(key, null);
    }

    /** Changes the policy of {@value #NS}. */
    public Outcomes.PolicySetting change(PolicyChange change) {
        return registry.execute(new Command.SetPolicy(ns(NS), change));
    }

    public Outcomes.Pinning pin(String key, @Nullable Instant until) {
        return registry.execute(new Command.SetPin(name(key), new PinReason("needed"), until));
    }

    public Outcomes.Pinning unpin(String key) {
        return registry.execute(new Command.LiftPin(name(key)));
    }

    public Outcomes.Expired expire(int limit) {
        return registry.execute(new Command.Expire(limit));
    }

    /** Plans a prune of {@value #NS} to the last victim. */
    public Outcomes.Planning.Made plan(PlanPurpose.Prune prune) {
        return whole(registry.execute(new Command.MakePlan(ns(NS), prune)));
    }

    public Outcomes.Planning.Made whole(Outcomes.Planning planning) {
        Outcomes.Planning.Made made = (Outcomes.Planning.Made) planning;
        while (!made.whole()) {
            made = (Outcomes.Planning.Made) registry.execute(new Command.ExtendPlan(made.planId()));
        }
        return made;
    }

    /** Applies a plan until nothing of it is left, and tells what became of it. */
    public PlanRow apply(PlanId id) {
        while (!((Outcomes.Applying.Step) registry.execute(new Command.ApplyPlan(id, 1_000))).finished()) {
            // The next chunk.
        }
        return registry.queries().plan(id).orElseThrow();
    }

    /** The keys that a plan names, with what is known of each. */
    public List<String> victims(PlanId id) {
        return registry.queries()
                .planVictims(id, false, null, 1_000)
                .items()
                .stream()
                .map(victim -> victim.key() + " " + (victim.outcome() == null ? victim.reason() : victim.outcome()))
                .toList();
    }

    public Outcomes.Swept sweep(int limit) {
        return registry.execute(new Command.Sweep(limit));
    }

    public List<AddressedOrder> claimOrders() {
        return registry.execute(new Command.ClaimOrders(1_000));
    }

    public List<EvictionFact> claimFacts() {
        return registry.execute(new Command.ClaimFacts(1_000));
    }

    public void report(Report... reports) {
        registry.execute(new Command.TakeReports(List.of(reports)));
    }

    /** A host that has joined with a store of its own. */
    public FleetHost host(String id) {
        return new FleetHost(registry, id).joined();
    }

    /** Keys, least recently used first. */
    public List<String> keys() {
        return keys(NS);
    }

    public List<String> keys(String namespace) {
        return registry.queries()
                .entries(ns(namespace), null, Map.of(), null, 1_000)
                .items()
                .stream()
                .map(entry -> entry.name().key().value())
                .toList();
    }

    public NamespaceView figures() {
        return registry.queries().namespace(ns(NS)).orElseThrow();
    }

    public EntryView entry(String key) {
        return registry.queries().entry(name(key)).orElseThrow();
    }

    /** Those that hold an entry and are not ordered to delete it. */
    public List<ReplicaId> holders(String key) {
        return entry(key).replicas().stream().filter(replica -> replica.state().equals("LIVE")).map(ReplicaView::replicaId).toList();
    }

    public long epoch() {
        return registry.queries().registry().epoch();
    }

    /** Confirms that the database was restored. */
    public Outcomes.Restoration.Restored restored() {
        return (Outcomes.Restoration.Restored) registry.execute(new Command.Restored(epoch()));
    }

    /** Returns the number of hosts that have not reported since the database was restored. */
    public long hostsUnheard() {
        return registry.queries().waiting().orElseThrow().hostsUnheard();
    }

    /** The same keys, asked for page by page. */
    public List<String> pages(int limit) {
        List<String> keys = new ArrayList<>();
        String after = null;
        do {
            RegistryQueries.Page<EntryView> page = registry.queries().entries(ns(NS), null, Map.of(), after, limit);
            page.items().forEach(entry -> keys.add(entry.name().key().value()));
            after = page.next();
        } while (after != null);
        return keys;
    }

    /** All evictions, newest first. */
    public List<EvictionView> evictions() {
        return evictions(new EvictionFilter(null, null, null));
    }

    public List<EvictionView> evictions(EvictionFilter filter) {
        List<EvictionView> all = new ArrayList<>();
        String after = null;
        do {
            RegistryQueries.Page<EvictionView> page = registry.queries().evictions(filter, after, 1_000);
            all.addAll(page.items());
            after = page.next();
        } while (after != null);
        return all;
    }

    public EvictionView onlyEviction() {
        List<EvictionView> all = evictions();
        if (all.size() != 1) {
            throw new AssertionError("evictions: " + all + " (expected: one)");
        }
        return all.getFirst();
    }
}
