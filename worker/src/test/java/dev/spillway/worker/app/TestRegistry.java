package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.events.Backend;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionId;
import dev.spillway.events.GroupName;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.codec.Json;
import dev.spillway.events.codec.MessageKey;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.EvictedEntry;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.Intervals;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.TouchRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A registry in memory, small but honest: replica ids are used once, incarnations fence, capacity evicts the least recently used, and an open
 * order stays until its host confirms it. Orders travel by heartbeat alone. Thread-safe.
 */
final class TestRegistry {
    /** A replica row; doomed once an order is open. */
    private static final class Row {
        private final HostId host;
        private final EntryName name;
        private final long generation;
        private final SnapshotId snapshot;
        private @Nullable ContentDigest content;
        private @Nullable Order order;

        Row(HostId host, EntryName name, long generation, SnapshotId snapshot) {
            this.host = host;
            this.name = name;
            this.generation = generation;
            this.snapshot = snapshot;
        }
    }

    record Entry(SnapshotId snapshotId, long generation, long sizeBytes, Description description) {}

    record Policy(int maxEntries, @Nullable Long maxBytes, Backend backend) {}

    private final RegistryId id = new RegistryId(UUID.randomUUID());
    private final Map<NamespaceName, Policy> policies = new TreeMap<>();
    private final Map<EntryName, Entry> entries = new LinkedHashMap<>();
    private final Map<ReplicaId, Row> rows = new LinkedHashMap<>();
    private final Map<ReplicaId, Boolean> recorded = new HashMap<>();
    private final Map<HostId, Sender> current = new HashMap<>();
    private final Map<HostId, String> addresses = new HashMap<>();
    private final List<EntryName> touched = new ArrayList<>();
    private final Map<EntryName, GroupName> groups = new HashMap<>();
    private final List<Report> reports = new ArrayList<>();
    private long policyVersion = 1;
    private long generations;
    private long incarnations;
    private JoinAnswer.@Nullable Refused refusal;
    private boolean drains;

    synchronized TestRegistry namespace(String name, int maxEntries, @Nullable Long maxBytes) {
        policies.put(new NamespaceName(name), new Policy(maxEntries, maxBytes, Backend.DIRECTORY));
        policyVersion++;
        return this;
    }

    synchronized TestRegistry artifacts(String name, int maxEntries, @Nullable Long maxBytes) {
        policies.put(new NamespaceName(name), new Policy(maxEntries, maxBytes, Backend.ARTIFACT));
        policyVersion++;
        return this;
    }

    synchronized void refuseJoin(JoinAnswer.@Nullable Refused why) {
        refusal = why;
        current.clear();
    }

    /** Lets every host drain, or take part again. */
    synchronized void drain(boolean wanted) {
        drains = wanted;
    }

    /** Lets every host's messages be fenced off until it joins again. */
    synchronized void fenceAll() {
        current.clear();
    }

    RegistryId id() {
        return id;
    }

    synchronized Optional<Entry> entry(EntryName name) {
        return Optional.ofNullable(entries.get(name));
    }

    /** Names another address of a host, whatever it says itself. */
    synchronized void address(HostId host, String address) {
        addresses.put(host, address);
    }

    /** The entry as a coordinator answers it, with its copies. */
    synchronized Map<String, Object> answer(EntryName name, Entry entry) {
        List<Map<String, Object>> replicas = new ArrayList<>();
        Map<String, Object> answer = new LinkedHashMap<>(
                Map.of(
                        "snapshotId",
                        entry.snapshotId(),
                        "generation",
                        entry.generation(),
                        "sizeBytes",
                        entry.sizeBytes(),
                        "description",
                        entry.description().text(),
                        "labels",
                        entry.description().labels(),
                        "replicas",
                        replicas));
        rows.forEach((id, row) -> {
            if (row.name.equals(name) && row.order == null) {
                replicas.add(
                        Map.of(
                                "replicaId",
                                id,
                                "hostId",
                                row.host,
                                "state",
                                "LIVE",
                                "storeId",
                                Objects.requireNonNull(current.get(row.host)).storeId(),
                                "address",
                                Objects.requireNonNull(addresses.get(row.host))));
                if (row.content != null) {
                    answer.put("content", row.content);
                }
            }
        });
        return answer;
    }

    synchronized Map<EntryName, Entry> entries() {
        return Map.copyOf(entries);
    }

    synchronized List<Report> reports() {
        return List.copyOf(reports);
    }

    synchronized List<EntryName> touched() {
        return List.copyOf(touched);
    }

    /** Returns the group that an artifact came to last. */
    synchronized Optional<GroupName> group(EntryName name) {
        return Optional.ofNullable(groups.get(name));
    }

    synchronized long openOrders() {
        return rows.values().stream().filter(row -> row.order != null).count();
    }

    synchronized List<Order> orders() {
        return rows.values().stream().map(row -> row.order).filter(Objects::nonNull).toList();
    }

    synchronized Optional<Policy> policy(NamespaceName namespace) {
        return Optional.ofNullable(policies.get(namespace));
    }

    synchronized long rowsOf(HostId host) {
        return rows.values().stream().filter(row -> row.host.equals(host)).count();
    }

    /** Puts an entry that belongs to no host, as a caller of the coordinator may. */
    synchronized long putElsewhere(EntryName name, SnapshotId snapshot) {
        evict(name, EvictionCause.REPLACED);
        entries.put(name, new Entry(snapshot, ++generations, 0, Description.NONE));
        return generations;
    }

    /** An entry whose images are gone everywhere, as far as the registry knows. */
    synchronized void evictedAndConfirmed(EntryName name) {
        entries.remove(name);
        rows.values().removeIf(row -> row.name.equals(name));
    }

    /** Orders a host to delete what it does not have. */
    synchronized void orderAbsent(HostId host, ReplicaId replica, EntryName name) {
        Row row = new Row(host, name, ++generations, new SnapshotId("never"));
        rows.put(replica, row);
        doom(replica, row, EvictionCause.CLEANED);
    }

    synchronized Optional<SnapshotId> invalidate(EntryName name) {
        return evict(name, EvictionCause.INVALIDATED).map(EvictedEntry::snapshotId);
    }

    /** Answers a message; empty if its sender is fenced off. */
    synchronized Optional<Object> answer(Object message) {
        if (message instanceof JoinRequest join) {
            return Optional.of(join(join));
        }
        FencedMessage<?> fenced = (FencedMessage<?>) message;
        if (!fenced.sender().equals(current.get(fenced.hostId()))) {
            return Optional.empty();
        }
        return Optional.of(switch (fenced) {
            case RegisterRequest register ->
                    new ReplicaOutcomes(register.items().stream().map(item -> register(register.hostId(), item)).toList());
            case AttachRequest attach -> new ReplicaOutcomes(attach.items().stream().map(item -> attach(attach.hostId(), item)).toList());
            case ResolveRequest resolve -> new ReplicaOutcomes(resolve.replicaIds().stream().map(this::resolve).toList());
            case ReadoptRequest _ -> throw new AssertionError("nothing was restored: " + fenced);
            case DropRequest drop -> drop(drop);
            case TouchRequest touch -> {
                touch.used().forEach(used -> {
                    touched.add(used.name());
                    if (used.group() != null && entries.containsKey(used.name())) {
                        groups.put(used.name(), used.group());
                    }
                });
                yield new TouchRequest.Counted();
            }
            case HeartbeatRequest heartbeat -> heartbeat(heartbeat);
            case ReconcileRequest reconcile -> new ReconcileAnswer(
                    rows.entrySet()
                            .stream()
                            .filter(row -> row.getValue().host.equals(reconcile.hostId()))
                            .map(Map.Entry::getKey)
                            .sorted()
                            .toList(),
                    true);
            case DiscrepancyRequest _ -> new DiscrepancyAnswer(0, 0, 0);
        });
    }

    /** Returns the key that a host is told when it joins. */
    static MessageKey keyOf(HostId host) {
        return MessageKey.of(new byte[MessageKey.BYTES], host);
    }

    private JoinAnswer join(JoinRequest join) {
        if (refusal != null) {
            return refusal;
        }
        if (join.registryId() != null && !join.registryId().equals(id)) {
            return new JoinAnswer.Refused(
                    JoinAnswer.Reason.OTHER_REGISTRY,
                    "store %s belongs to registry %s, this is registry %s".formatted(join.storeId(), join.registryId(), id));
        }
        Sender sender = new Sender(join.hostId(), join.storeId(), id, 1, ++incarnations);
        current.put(join.hostId(), sender);
        addresses.putIfAbsent(join.hostId(), join.address());
        return new JoinAnswer.Joined(
                id,
                1,
                sender.incarnation(),
                0,
                false,
                policySet(),
                new Intervals(Duration.ofMillis(100), Duration.ofMinutes(10)),
                drains,
                false).with(keyOf(join.hostId()));
    }

    private PolicySet policySet() {
        return new PolicySet(
                policyVersion,
                policies.entrySet()
                        .stream()
                        .map(
                                policy -> new PolicySet.Entry(
                                        policy.getKey(),
                                        policy.getValue().maxBytes(),
                                        policy.getValue().backend(),
                                        null,
                                        false,
                                        null))
                        .toList());
    }

    private Optional<ReplicaOutcome> known(ReplicaId replica) {
        if (!recorded.containsKey(replica)) {
            return Optional.empty();
        }
        Row row = rows.get(replica);
        return Optional.of(
                row == null ? new ReplicaOutcome.Ended(replica)
                        : new ReplicaOutcome.Registered(replica, row.snapshot, row.generation, List.of()));
    }

    private ReplicaOutcome register(HostId host, Registration item) {
        return known(item.replicaId()).orElseGet(() -> {
            recorded.put(item.replicaId(), true);
            if (drains) {
                return new ReplicaOutcome.Refused(item.replicaId(), ReplicaOutcome.Reason.DRAINING, "host: " + host + ", which drains");
            }
            Policy policy = policies.get(item.namespace());
            if (policy == null) {
                return new ReplicaOutcome.Refused(
                        item.replicaId(),
                        ReplicaOutcome.Reason.UNKNOWN_NAMESPACE,
                        "namespace: " + item.namespace());
            }
            if (policy.maxBytes() != null && item.sizeBytes() > policy.maxBytes()) {
                return new ReplicaOutcome.Refused(
                        item.replicaId(),
                        ReplicaOutcome.Reason.TOO_LARGE,
                        "sizeBytes: " + item.sizeBytes() + " (expected: at most " + policy.maxBytes() + ")");
            }
            if (item.group() != null) {
                groups.put(item.name(), item.group());
            }
            Entry joined = entries.get(item.name());
            if (item.content() != null && joined != null && joined.snapshotId().equals(item.snapshotId())) {
                put(item.replicaId(), new Row(host, item.name(), joined.generation(), item.snapshotId()), item.content());
                return new ReplicaOutcome.Registered(item.replicaId(), item.snapshotId(), joined.generation(), List.of());
            }
            evict(item.name(), EvictionCause.REPLACED);
            entries.put(item.name(), new Entry(item.snapshotId(), ++generations, item.sizeBytes(), item.description()));
            put(item.replicaId(), new Row(host, item.name(), generations, item.snapshotId()), item.content());
            long generation = generations;
            return new ReplicaOutcome.Registered(
                    item.replicaId(),
                    item.snapshotId(),
                    generation,
                    shrink(item.namespace(), policy.maxEntries()));
        });
    }

    private void put(ReplicaId id, Row row, @Nullable ContentDigest content) {
        row.content = content;
        rows.put(id, row);
    }

    private List<EvictedEntry> shrink(NamespaceName namespace, int maxEntries) {
        List<EvictedEntry> evicted = new ArrayList<>();
        List<EntryName> oldest = entries.keySet().stream().filter(name -> name.namespace().equals(namespace)).toList();
        for (EntryName name : oldest.subList(0, Math.max(0, oldest.size() - maxEntries))) {
            evict(name, EvictionCause.CAPACITY).ifPresent(evicted::add);
        }
        return evicted;
    }

    private ReplicaOutcome attach(HostId host, Attachment item) {
        return known(item.replicaId()).orElseGet(() -> {
            recorded.put(item.replicaId(), true);
            Entry entry = entries.get(item.name());
            if (entry == null || entry.generation() != item.generation()
                    || (item.snapshotId() != null && !item.snapshotId().equals(entry.snapshotId()))) {
                return new ReplicaOutcome.Gone(item.replicaId());
            }
            rows.put(item.replicaId(), new Row(host, item.name(), item.generation(), entry.snapshotId()));
            return new ReplicaOutcome.Registered(item.replicaId(), entry.snapshotId(), item.generation(), List.of());
        });
    }

    private ReplicaOutcome resolve(ReplicaId replica) {
        return known(replica).orElseGet(() -> {
            recorded.put(replica, true);
            return new ReplicaOutcome.Ended(replica);
        });
    }

    private DropAnswer drop(DropRequest drop) {
        drop.items().forEach(item -> {
            recorded.put(item.replicaId(), true);
            rows.remove(item.replicaId());
        });
        return new DropAnswer(drop.items().stream().map(DropRequest.Drop::replicaId).toList(), List.of());
    }

    private HeartbeatAnswer heartbeat(HeartbeatRequest heartbeat) {
        List<ReplicaId> acknowledged = new ArrayList<>();
        for (Report report : heartbeat.unacknowledged()) {
            reports.add(report);
            if (report.result().closes()) {
                rows.remove(report.replicaId());
                acknowledged.add(report.replicaId());
            }
        }
        List<Order> open = rows.values()
                .stream()
                .filter(row -> row.host.equals(heartbeat.hostId()))
                .map(row -> row.order)
                .filter(Objects::nonNull)
                .toList();
        return new HeartbeatAnswer(
                acknowledged,
                open,
                0,
                heartbeat.policyVersion() == policyVersion ? null : policySet(),
                false,
                new Intervals(Duration.ofMillis(100), Duration.ofMinutes(10)),
                drains);
    }

    private Optional<EvictedEntry> evict(EntryName name, EvictionCause cause) {
        Entry entry = entries.remove(name);
        if (entry == null) {
            return Optional.empty();
        }
        rows.forEach((replica, row) -> {
            if (row.name.equals(name) && row.order == null) {
                doom(replica, row, cause);
            }
        });
        return Optional.of(new EvictedEntry(name.key(), entry.snapshotId(), entry.generation(), entry.sizeBytes(), cause));
    }

    private void doom(ReplicaId replica, Row row, EvictionCause cause) {
        Sender host = Objects.requireNonNull(current.get(row.host), "a host that joined");
        row.order = new Order(
                replica,
                row.host,
                host.storeId(),
                row.name.namespace(),
                row.name.key(),
                row.generation,
                EvictionId.mint(Instant.now(), RandomGenerator.getDefault()),
                OrderCause.of(cause),
                1,
                Instant.now());
    }

    static EntryName name(String namespace, String key) {
        return new EntryName(new NamespaceName(namespace), new EntryKey(key));
    }

    static ObjectMapper json() {
        return Json.tolerant();
    }
}
