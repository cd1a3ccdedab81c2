package dev.spillway.memoryregistry;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.PlanId;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.ActivityBounds;
import dev.spillway.registry.JsonSize;
import dev.spillway.registry.OrderCursor;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.InUse;
import dev.spillway.registry.model.JoinRefusal;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.OpenOrder;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.RegistryRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.model.Sighting;
import dev.spillway.registry.plan.PlanRow;
import dev.spillway.registry.plan.PlanVictim;
import dev.spillway.registry.trail.Activity;
import dev.spillway.registry.trail.ActivityCursor;
import dev.spillway.registry.trail.AuditRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads of the in-memory registry, each under its lock. */
final class MapQueries implements RegistryQueries {
    private final MapRows rows;
    private final Object lock;
    private final Duration grace;

    MapQueries(MapRows rows, Object lock, Duration grace) {
        this.rows = rows;
        this.lock = lock;
        this.grace = grace;
    }

    @Override
    public List<NamespaceView> namespaces() {
        synchronized (lock) {
            return rows.tables.namespaces.values().stream().map(this::view).toList();
        }
    }

    @Override
    public Optional<NamespaceView> namespace(NamespaceName name) {
        synchronized (lock) {
            return Optional.ofNullable(rows.tables.namespaces.get(name)).map(this::view);
        }
    }

    private NamespaceView view(NamespaceRow row) {
        Map<EvictionCause, Long> byCause = new EnumMap<>(EvictionCause.class);
        rows.tables.evictionCounts.forEach((figure, count) -> {
            if (figure.namespace().equals(row.name())) {
                byCause.put(figure.cause(), count);
            }
        });
        return NamespaceView.of(row, byCause);
    }

    @Override
    public Optional<EntryView> entry(EntryName name) {
        synchronized (lock) {
            return Optional.ofNullable(rows.tables.entries.get(name))
                    .map(
                            row -> EntryView.of(
                                    row,
                                    rows.tables.holders(new Holding(name, row.generation()))
                                            .sorted(
                                                    Comparator.comparing((ReplicaRow held) -> !isReachable(held))
                                                            .thenComparing(ReplicaRow::id))
                                            .limit(LIMIT_MAX)
                                            .map(this::view)
                                            .toList()));
        }
    }

    private boolean isReachable(ReplicaRow held) {
        return held.isLive() && MapRows.stored(rows.tables.hosts, held.hostId()).state() == HostState.ACTIVE;
    }

    private ReplicaView view(ReplicaRow held) {
        HostRow host = MapRows.stored(rows.tables.hosts, held.hostId());
        return new ReplicaView(
                held.id(),
                host.id(),
                host.storeId(),
                host.address(),
                held.isLive() ? "LIVE" : "DOOMED",
                held.registeredAt(),
                inUse(held));
    }

    private @Nullable InUse inUse(ReplicaRow replica) {
        InUse told = rows.tables.inUse.getOrDefault(replica.hostId(), Map.of()).get(replica.id());
        return told != null && told.until().isAfter(rows.now()) ? told : null;
    }

    @Override
    public Page<EntryView> entries(
            NamespaceName namespace,
            @Nullable String keyPrefix,
            Map<String, String> labels,
            @Nullable String after,
            int limit) {
        synchronized (lock) {
            Stream<EntryRow> matching = rows.tables.inOrder(namespace, after == null ? Place.START : Place.parse(after))
                    .filter(row -> keyPrefix == null || row.name().key().value().startsWith(keyPrefix))
                    .filter(row -> row.description().labels().entrySet().containsAll(labels.entrySet()));
            return Page.of(matching.iterator(), limit, row -> row.place().toString(), row -> EntryView.of(row, List.of()), JsonSize::of);
        }
    }

    @Override
    public Page<SnapshotId> snapshots(NamespaceName namespace, @Nullable String after, int limit) {
        synchronized (lock) {
            Stream<SnapshotId> ids = rows.tables.inOrder(namespace, Place.START)
                    .map(EntryRow::snapshotId)
                    .distinct()
                    .sorted()
                    .filter(id -> after == null || id.compareTo(new SnapshotId(after)) > 0);
            return Page.of(ids.iterator(), limit, SnapshotId::value, Function.identity(), JsonSize::of);
        }
    }

    @Override
    public Page<EvictionView> evictions(EvictionFilter filter, @Nullable String after, int limit) {
        synchronized (lock) {
            long before = after == null ? Long.MAX_VALUE : cursor(after);
            List<MapTables.StoredEviction> newestFirst = new ArrayList<>(rows.tables.evictions.values()).reversed();
            Stream<MapTables.StoredEviction> matching = newestFirst.stream()
                    .filter(eviction -> eviction.number() < before)
                    .filter(eviction -> matches(filter, view(eviction)));
            return Page.of(
                    matching.iterator(),
                    limit,
                    eviction -> Long.toString(eviction.number()),
                    eviction -> shown(eviction, ORDERS_IN_LISTS_MAX),
                    JsonSize::of);
        }
    }

    private static boolean matches(EvictionFilter filter, EvictionView view) {
        return (filter.state() == null || filter.state().equals(view.open() ? "open" : "closed"))
                && (filter.namespace() == null || filter.namespace().equals(view.fact().namespace()))
                && (filter.cause() == null || filter.cause() == view.fact().cause())
                && (filter.planId() == null || filter.planId().equals(view.planId()))
                && (filter.hostId() == null || view.orders().stream().anyMatch(order -> order.hostId().equals(filter.hostId())));
    }

    @Override
    public Optional<EvictionView> eviction(EvictionId id) {
        synchronized (lock) {
            return Optional.ofNullable(rows.tables.evictions.get(id)).map(eviction -> shown(eviction, LIMIT_MAX));
        }
    }

    private EvictionView shown(MapTables.StoredEviction eviction, int ordersMax) {
        EvictionView whole = view(eviction);
        return new EvictionView(
                whole.fact(),
                whole.actor(),
                whole.planId(),
                whole.open(),
                whole.orders().stream().limit(ordersMax).toList());
    }

    private EvictionView view(MapTables.StoredEviction eviction) {
        EvictionId id = eviction.fact().id();
        List<OrderView> orders = new ArrayList<>();
        for (ReplicaRow row : rows.tables.replicas.values()) {
            OpenOrder doom = row.doom();
            if (doom != null && id.equals(doom.evictionId())) {
                orders.add(OrderView.open(row, doom));
            }
        }
        boolean open = !orders.isEmpty() || rows.tables.unfinished.contains(id);
        for (ClosedReplica closed : rows.tables.history) {
            OpenOrder doom = closed.row().doom();
            if (doom != null && id.equals(doom.evictionId())) {
                orders.add(
                        new OrderView(
                                closed.row().id(),
                                closed.row().hostId(),
                                closed.result().name(),
                                doom.attempts(),
                                null,
                                doom.lastError(),
                                null,
                                closed.at()));
            }
        }
        orders.sort(
                Comparator.comparing(OrderView::closedAt, Comparator.nullsFirst(Comparator.naturalOrder()))
                        .thenComparing(OrderView::replicaId));
        return new EvictionView(eviction.fact(), eviction.eviction().actor(), eviction.eviction().planId(), open, orders);
    }

    @Override
    public Page<PlanRow> plans(@Nullable NamespaceName namespace, @Nullable String after, int limit) {
        PlanId before = RegistryQueries.planCursor(after);
        synchronized (lock) {
            Stream<PlanRow> plans =
                    rows.tables.plans.newest(before).filter(plan -> namespace == null || plan.namespace().equals(namespace));
            return Page.of(plans.iterator(), limit, plan -> plan.id().toString(), Function.identity(), JsonSize::of);
        }
    }

    @Override
    public Optional<PlanRow> plan(PlanId id) {
        synchronized (lock) {
            return rows.tables.plans.plan(id);
        }
    }

    @Override
    public Page<PlanVictim> planVictims(PlanId id, boolean keptOnly, @Nullable String after, int limit) {
        synchronized (lock) {
            Stream<PlanVictim> victims = rows.tables.plans.behind(id, after == null ? 0 : cursor(after))
                    .filter(victim -> !keptOnly || (victim.outcome() != null && victim.outcome() != PlanVictim.Outcome.EVICTED));
            return Page.of(victims.iterator(), limit, victim -> Long.toString(victim.number()), Function.identity(), JsonSize::of);
        }
    }

    @Override
    public RegistryRow registry() {
        synchronized (lock) {
            return rows.registry();
        }
    }

    @Override
    public List<HostView> hosts() {
        synchronized (lock) {
            return rows.tables.hosts.values().stream().map(this::view).toList();
        }
    }

    @Override
    public Optional<HostView> host(HostId id) {
        synchronized (lock) {
            return Optional.ofNullable(rows.tables.hosts.get(id)).map(this::view);
        }
    }

    @Override
    public Map<HostState, Long> hostsByState() {
        synchronized (lock) {
            return HostState.count(rows.tables.hosts.values());
        }
    }

    @Override
    public Page<OpenOrderView> orders(HostId host, @Nullable String after, int limit) {
        OrderCursor behind = after == null ? OrderCursor.START : OrderCursor.parse(after);
        synchronized (lock) {
            Stream<OpenOrderView> open = rows.tables.replicas.values()
                    .stream()
                    .filter(row -> row.hostId().equals(host) && !row.isLive())
                    .map(OpenOrderView::of)
                    .filter(order -> order.cursor().compareTo(behind) > 0)
                    .sorted(Comparator.comparing(OpenOrderView::cursor));
            return Page.of(open.iterator(), limit, order -> order.cursor().toString(), Function.identity(), JsonSize::of);
        }
    }

    @Override
    public Optional<RestoreWait> waiting() {
        synchronized (lock) {
            RegistryRow registry = rows.registry();
            List<HostId> unheard = rows.tables.hosts.values()
                    .stream()
                    .filter(host -> host.isUnheard(registry.epoch()))
                    .map(HostRow::id)
                    .toList();
            return Optional.ofNullable(registry.restoredAt())
                    .map(at -> new RestoreWait(at.plus(grace), unheard.size(), unheard.stream().limit(RestoreWait.NAMED_MAX).toList()));
        }
    }

    @Override
    public List<JoinRefusal> joinRefusals(int limit) {
        synchronized (lock) {
            Instant since = rows.now().minus(JoinRefusal.SHOWN_FOR);
            return rows.tables.refusals.values()
                    .stream()
                    .filter(refusal -> refusal.at().isAfter(since))
                    .sorted(Comparator.comparing(JoinRefusal::at).reversed())
                    .limit(limit)
                    .toList();
        }
    }

    @Override
    public Page<AuditRecord> audit(AuditRecord.Filter filter, @Nullable String after, int limit) {
        synchronized (lock) {
            List<AuditRecord> all = rows.tables.audit;
            int before = after == null ? all.size() : Math.toIntExact(Math.min(cursor(after), all.size()));
            Stream<Integer> newestFirst = IntStream.range(0, before)
                    .mapToObj(behind -> before - 1 - behind)
                    .filter(number -> filter.selects(all.get(number)));
            return Page.of(newestFirst.iterator(), limit, number -> number.toString(), all::get, JsonSize::of);
        }
    }

    @Override
    public Map<Sighting.Kind, Long> discrepancies() {
        synchronized (lock) {
            return rows.tables.sightings.values()
                    .stream()
                    .flatMap(seen -> seen.values().stream())
                    .collect(Collectors.groupingBy(Sighting::kind, Collectors.counting()));
        }
    }

    private HostView view(HostRow host) {
        List<ReplicaRow> open = rows.tables.replicas.values().stream().filter(row -> row.hostId().equals(host.id())).toList();
        List<Instant> doomedAt = open.stream().map(ReplicaRow::doom).filter(Objects::nonNull).map(OpenOrder::at).sorted().toList();
        return new HostView(
                host,
                open.size(),
                bytes(open),
                doomedAt.size(),
                doomedAt.isEmpty() ? null : doomedAt.getFirst(),
                failing(open),
                host.isDraining() ? lastCopies(host.id(), open.stream().filter(ReplicaRow::isLive).toList()) : null);
    }

    private @Nullable String failing(List<ReplicaRow> open) {
        Instant old = rows.now().minus(HostView.FAILING_FOR);
        return open.stream()
                .map(ReplicaRow::doom)
                .filter(order -> order != null && order.at().isBefore(old))
                .sorted(Comparator.comparing(OpenOrder::at))
                .limit(HostView.FAILING_AMONG)
                .map(OpenOrder::lastError)
                .filter(error -> error != null && error.startsWith("FAILED"))
                .findFirst()
                .orElse(null);
    }

    private LastCopies lastCopies(HostId host, List<ReplicaRow> live) {
        List<ReplicaRow> last = live.stream().filter(row -> !rows.isHeldElsewhere(row.holding(), host)).toList();
        return new LastCopies(last.size(), bytes(last), live.size(), rows.now());
    }

    private static long bytes(List<ReplicaRow> of) {
        return of.stream().mapToLong(ReplicaRow::sizeBytes).sum();
    }

    @Override
    public ActivityPage activity(@Nullable ActivityCursor after, int limit) {
        synchronized (lock) {
            List<Activity> all = rows.tables.activity;
            return new ActivityBounds(rows.tables.registry.epoch(), rows.tables.activityTrimmed, all.size(), all.size()).page(
                    after,
                    from -> {
                        List<Recorded> items = new ArrayList<>();
                        for (int number = (int) from.number() + 1; number <= all.size() && items.size() < limit; number++) {
                            items.add(new Recorded(new ActivityCursor(from.epoch(), number), all.get(number - 1)));
                        }
                        return items;
                    });
        }
    }

    @Override
    public OpenOrders openOrders() {
        synchronized (lock) {
            List<Instant> doomedAt =
                    rows.tables.replicas.values()
                            .stream()
                            .map(ReplicaRow::doom)
                            .filter(Objects::nonNull)
                            .map(OpenOrder::at)
                            .sorted()
                            .toList();
            return new OpenOrders(doomedAt.size(), doomedAt.isEmpty() ? null : doomedAt.getFirst());
        }
    }

    @Override
    public UnpublishedFacts unpublishedFacts() {
        synchronized (lock) {
            List<EvictionFact> facts = rows.unpublished();
            return new UnpublishedFacts(facts.size(), facts.isEmpty() ? null : facts.getFirst().evictedAt(), rows.now());
        }
    }

    private static long cursor(String text) {
        try {
            long cursor = Long.parseLong(text);
            if (cursor >= 0) {
                return cursor;
            }
        } catch (NumberFormatException e) {
            throw new InvalidValueException("after", text, "the next of an earlier page");
        }
        throw new InvalidValueException("after", text, "the next of an earlier page");
    }
}
