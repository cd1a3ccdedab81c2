package dev.spillway.simulation;

import dev.spillway.events.EntryName;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.memoryregistry.MapRows;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.model.ClosedReplica;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Eviction;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.Changes;
import dev.spillway.worker.core.model.Effect;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.ReplicaState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Checks the numbered invariants of the architecture against the rows of the registry. The rows that a step touched are checked after that step;
 * {@link DiskInvariants} checks the disks. Invariant 11 is about groups and is only defined here.
 */
final class Invariants {
    /** @param restores number of restores of the database before */
    private record Offered(SimulatedHost host, EntryName name, long number, int restores) {}

    private final MapRows rows;
    private final RegistryRules rules;
    private final boolean interleaved;
    private final DiskInvariants disks;
    private final RestoreInvariants restores;
    private final UseInvariants uses;
    /** Ids that were ever LIVE, including those in a past that a restore has undone. */
    private final Set<ReplicaId> everLive = new HashSet<>();
    private final Set<ReplicaId> everEnded = new HashSet<>();
    private Memory memory = new Memory();
    private final Set<ReplicaId> live = new HashSet<>();
    private final Map<ReplicaId, Offered> offered = new HashMap<>();
    private long offers;
    private final Set<ReplicaId> accepted = new HashSet<>();

    Invariants(MapRows rows, RegistryRules rules, boolean interleaved) {
        this.rows = rows;
        this.interleaved = interleaved;
        this.rules = rules;
        disks = new DiskInvariants(rows, live, everLive, everEnded);
        restores = disks.restores();
        uses = new UseInvariants(rows);
    }

    /** Fails if an invariant does not hold. Each {@code {}} in the message stands for one of the values. */
    static void require(boolean held, int invariant, String otherwise, @Nullable Object... values) {
        if (!held) {
            StringBuilder said = new StringBuilder(otherwise);
            for (Object value : values) {
                int place = said.indexOf("{}");
                said.replace(place, place + 2, String.valueOf(value));
            }
            throw new InvariantViolated("invariant " + invariant + ": " + said);
        }
    }

    // What hosts do, as it happens.

    DiskInvariants disks() {
        return disks;
    }

    UseInvariants uses() {
        return uses;
    }

    /** Returns the memory to keep with a backup of the database. */
    Memory memory() {
        return memory.copy();
    }

    /** Returns to the memory of a backup, because the database was restored. */
    void restored(Memory backup) {
        memory = backup.copy();
        live.clear();
        rows.storedReplicas().values().stream().filter(ReplicaRow::isLive).forEach(row -> live.add(row.id()));
        restores.restored();
        uses.restored();
    }

    long readopted() {
        return restores.readopted();
    }

    void changed(SimulatedHost host) {
        disks.touched(host);
    }

    void otherDisk(SimulatedHost host) {
        // An older copy of the store offers its accepted artifacts again. It does not know the puts after the copy was made.
        offered.values().removeIf(put -> put.host().equals(host));
        uses.forget(host);
        disks.otherDisk(host);
    }

    /** Records the put of a host's own image, which comes after all its earlier puts. */
    void offered(SimulatedHost host, ReplicaId id, EntryName name) {
        offered.put(id, new Offered(host, name, ++offers, restores.restores()));
    }

    /**
     * Checks invariant 8: an accepted artifact ends without a registration only if the registry refused it, its image is lost, or its store is an
     * older copy. Under a new id it keeps its place among the puts of its host.
     */
    void acceptedStays(SimulatedHost host, IndexChange change, List<Effect> effects) {
        if (!(change instanceof IndexChange.PutReplica(var replica))) {
            return;
        }
        if (replica.state() == ReplicaState.PENDING && replica.artifact() != null) {
            accepted.add(replica.image());
        }
        if (!accepted.contains(replica.image())) {
            return;
        }
        Offered put = offered.get(replica.image());
        // A copied machine does not know the later puts of the original.
        if (replica.state() == ReplicaState.PENDING && put != null && put.host().equals(host)) {
            offered.put(replica.id(), put);
            disks.offered(replica);
        }
        var before = host.disk().index().get(replica.id());
        boolean ends = replica.state() == ReplicaState.DOOMED && !replica.ordered() && before != null
                && before.state() == ReplicaState.PENDING;
        require(
                !ends || !host.disk().images().containsKey(replica.image()) || host.disk().membership().suspended()
                        || effects.stream()
                                .anyMatch(
                                        effect -> effect instanceof Effect.Settle(var id, var outcome) && id.equals(replica.id())
                                                && (outcome instanceof PutOutcome.Refused || outcome instanceof PutOutcome.Gone)),
                8,
                "{} gives up {}, which it accepted",
                host,
                replica.id());
    }

    /** Checks invariant 1: no registered or held image is deleted from a disk. */
    void mayGo(SimulatedHost host, ReplicaId image) {
        disks.mayGo(host, image);
    }

    /** Checks invariant 3: a host skips no order. Its offset is beyond an order only if that order is decided. */
    void moved(SimulatedHost host, @Nullable Order passed) {
        if (passed != null && passed.hostId().equals(host.id()) && passed.storeId().equals(host.disk().storeId())) {
            var replica = host.disk().index().get(passed.replicaId());
            require(replica == null || switch (replica.state()) {
                case PENDING, LIVE, HIDDEN -> false;
                case DOOMED, TRASH, GONE -> true;
            }, 3, "{} is behind {}, and has {}", host, passed, replica);
        }
    }

    /** Checks invariant 8: an image that is answered as stored was stored. */
    void answered(ReplicaId id, PutOutcome outcome) {
        switch (outcome) {
            case PutOutcome.Stored _ -> require(everLive.contains(id), 8, "{} was answered as stored and never was", id);
            case PutOutcome.NotRegistered _ ->
                    require(!live.contains(id) || restores.isDoubtful(id), 8, "{} was answered as not registered and is", id);
            case PutOutcome.Refused _ -> require(!memory.everLive.contains(id), 8, "{} was answered as refused and was stored", id);
            case PutOutcome.Gone _ -> require(!memory.everLive.contains(id), 8, "{} was answered as gone and was stored", id);
            case PutOutcome.Evicted _ -> require(everEnded.contains(id), 8, "{} was answered as evicted and was not", id);
            case PutOutcome.Unknown _ -> {}
        }
    }

    /** Checks invariant 8: an idempotency key that was answered is not used for another put. */
    void requestIsKnown(SimulatedHost host, String key, @Nullable PutOutcome told) {
        require(told == null, 8, "{} forgot the request {}, which was answered {}", host, key, told);
    }

    /** Checks invariant 8: a repeated put gets the first answer. */
    void answeredAgain(SimulatedHost host, String key, @Nullable PutOutcome told, PutOutcome now) {
        require(told == null || told.equals(now), 8, "{} answers the request {} with {}, and answered {} before", host, key, now, told);
    }

    /** Checks invariant 8: a host grants no more holds than its limit. */
    void holdsAtMost(SimulatedHost host, int max) {
        int holds = host.agent().map(agent -> agent.holds().size()).orElse(0);
        require(holds <= max, 8, "{} has {} holds, and grants {}", host, holds, max);
    }

    // What transactions do.

    /**
     * Lets a transaction commit and checks what it did.
     *
     * @param epoch epoch in which it was begun
     */
    void committed(List<Command<?>> commands, long epoch, Changes changes, Runnable commit) {
        Map<EntryName, EntryRow> before = new HashMap<>();
        for (EntryName name : changes.entries().rows().keySet()) {
            remember(name, before);
        }
        changes.entries().gone().forEach(name -> remember(name, before));
        checkVictims(commands, changes);
        checkLosses(commands, changes);
        uses.committed(changes);
        Map<NamespaceName, NamespaceRow> namespacesBefore = Map.copyOf(rows.storedNamespaces());
        commit.run();
        restores.committed(commands, changes, epoch, memory, before);

        Set<ReplicaId> registered = new TreeSet<>();
        changes.replicas().rows().values().forEach(row -> follow(row, registered));
        commands.stream().filter(Invariants::readopts).forEach(readopt -> everLive.addAll(changes.replicas().rows().keySet()));
        changes.replicas().closed().values().forEach(closed -> end(closed.row(), closed.result() != ClosedReplica.Result.READOPTED));
        registered.forEach(id -> checkRegistered(commands, epoch, changes.replicas().rows().get(id)));
        boolean readopts = commands.stream().anyMatch(Invariants::readopts);
        checkEntries(changes, before, readopts);
        checkGroups(commands, changes, before);
        changes.namespaces().rows().forEach((name, row) -> {
            checkCapacity(name, !readopts && isPutTo(name, changes, before));
            RestoreInvariants.checkSwept(namespacesBefore.get(name), row, commands.stream().allMatch(Command.Expire.class::isInstance));
        });
        changes.hosts().rows().values().forEach(this::checkHost);
        for (Eviction eviction : changes.evictions().added()) {
            if (eviction.isDecided()) {
                memory.ends.computeIfAbsent(new EntryName(eviction.fact().namespace(), eviction.fact().key()), name -> new HashSet<>())
                        .add(eviction.fact().generation());
            }
        }
        touch(changes);
    }

    private static boolean readopts(Command<?> command) {
        return command instanceof Command.FromWorker<?> from && from.message() instanceof ReadoptRequest;
    }

    private void remember(EntryName name, Map<EntryName, EntryRow> before) {
        EntryRow row = rows.storedEntries().get(name);
        if (row != null) {
            before.put(name, row);
        }
    }

    private void follow(ReplicaRow row, Set<ReplicaId> registered) {
        if (!row.isLive()) {
            end(row, true);
        } else if (live.add(row.id())) {
            require(!memory.ended.contains(row.id()) && memory.everLive.add(row.id()), 2, "{} is registered again", row.id());
            everLive.add(row.id());
            registered.add(row.id());
        }
    }

    /**
     * Records the end of a replica. One transaction may register a replica and doom it. Only an orphan was never registered.
     *
     * @param image whether the image is deleted, too; false for a readopted one
     */
    private void end(ReplicaRow row, boolean image) {
        live.remove(row.id());
        memory.ended.add(row.id());
        everEnded.add(row.id());
        if (image) {
            restores.ordered(row.id());
        }
        if (row.doom() == null || row.doom().cause() != OrderCause.ORPHAN) {
            memory.everLive.add(row.id());
            everLive.add(row.id());
        }
    }

    /**
     * Checks invariant 2: a registration is of the host's current incarnation, and a key's registrations take effect in the order of its puts. An
     * exception is a message from before a restore that arrives before the restore is confirmed. Its image may be gone, which the next reconciliation
     * finds.
     */
    private void checkRegistered(List<Command<?>> commands, long epoch, @Nullable ReplicaRow row) {
        Objects.requireNonNull(row);
        Sender sender = senderOf(commands, row.id());
        HostRow host = rows.storedHosts().get(row.hostId());
        require(
                host != null && host.state() != HostState.RETIRED && host.incarnation() == sender.incarnation()
                        && host.storeId().equals(sender.storeId()),
                2,
                "{} registered {}, and the host is {}",
                sender,
                row.id(),
                host);
        restores.checkSender(sender, Objects.requireNonNull(host), epoch);
        restores.registered(commands, row, epoch);
        Offered put = offered.get(row.id());
        boolean beforeTheWord = !restores.isSaid() || epoch != rows.registry().epoch();
        if (put != null && put.restores() < restores.restores() && beforeTheWord) {
            return;
        }
        if (put != null) {
            Long last = memory.lastRegistered.merge(new Memory.KeyOfHost(put.host(), put.name()), put.number(), Math::max);
            require(
                    last == put.number(),
                    8,
                    "{}, put before another image of {} on its host, was registered after it",
                    row.id(),
                    put.name());
        }
        disks.registered(row);
    }

    private static Sender senderOf(List<Command<?>> commands, ReplicaId id) {
        for (Command<?> command : commands) {
            if (command instanceof Command.FromWorker<?>(FencedMessage<?> message)) {
                boolean names = switch (message) {
                    case RegisterRequest register -> register.items().stream().anyMatch(item -> item.replicaId().equals(id));
                    case AttachRequest attach -> attach.items().stream().anyMatch(item -> item.replicaId().equals(id));
                    case ReadoptRequest readopt -> readopt.items().stream().anyMatch(item -> item.replicaId().equals(id));
                    default -> false;
                };
                if (names) {
                    return message.sender();
                }
            }
        }
        throw new InvariantViolated("invariant 2: " + id + " is live, and no message registered it: " + commands);
    }

    /**
     * Checks invariant 3: a replica without an entry is doomed, or an unfinished eviction will doom it. Checks invariant 1: an entry has a holder.
     */
    private void checkEntries(Changes changes, Map<EntryName, EntryRow> before, boolean readopts) {
        before.values().forEach(row -> checkGeneration(row.name(), row.generation()));
        changes.entries().rows().values().forEach(row -> {
            checkGeneration(row.name(), row.generation());
            EntryRow old = before.get(row.name());
            if (old == null || old.generation() != row.generation()) {
                Long top = memory.highest.get(row.name());
                // A readopted entry returns with its old number. RestoreInvariants checks whether it may.
                require(top == null || row.generation() > top || readopts, 7, "{} follows generation {}", row, top);
                memory.highest.merge(row.name(), row.generation(), Math::max);
            }
        });
        changes.replicas().rows().values().forEach(row -> checkGeneration(row.name(), row.generation()));
        changes.replicas().closed().values().forEach(closed -> checkGeneration(closed.row().name(), closed.row().generation()));
    }

    /**
     * Checks invariant 11: entries of a group are evicted together, except one that is replaced. In each group, the entry that was used last has the
     * place in the order. Moves between groups in one transaction of several commands or registrations are not checked.
     */
    private void checkGroups(List<Command<?>> commands, Changes changes, Map<EntryName, EntryRow> before) {
        Map<EntryGroup, List<EntryRow>> groups = new HashMap<>();
        for (EntryRow row : rows.storedEntries().values()) {
            EntryGroup group = row.group();
            if (group != null) {
                groups.computeIfAbsent(group, ignored -> new ArrayList<>()).add(row);
            }
        }
        groups.forEach((group, members) -> {
            EntryRow last = members.stream().max(Comparator.comparingLong(EntryRow::lastUse)).orElseThrow();
            require(
                    members.stream().allMatch(row -> row.follows() == !row.equals(last)),
                    11,
                    "{} led by another than {}: {}",
                    group,
                    last,
                    members);
        });
        if (commands.size() != 1 || isBulk(commands.getFirst())) {
            return;
        }
        for (Eviction eviction : changes.evictions().added()) {
            EntryRow gone = before.get(new EntryName(eviction.fact().namespace(), eviction.fact().key()));
            if (gone != null && gone.group() != null && gone.generation() == eviction.fact().generation()
                    && eviction.fact().cause() != EvictionCause.REPLACED) {
                for (EntryRow left : groups.getOrDefault(gone.group(), List.of())) {
                    EntryRow known = changes.entries().rows().containsKey(left.name()) ? before.get(left.name()) : left;
                    boolean was = known != null && known.generation() == left.generation() && gone.group().equals(known.group());
                    require(!was, 11, "{} went by {} and left {} of its group", gone, eviction.fact().cause(), left);
                }
            }
        }
    }

    private void checkGeneration(EntryName name, long generation) {
        Holding holding = new Holding(name, generation);
        long holders = rows.countLiveReplicas(holding);
        EntryRow entry = rows.storedEntries().get(name);
        boolean current = entry != null && entry.generation() == generation;
        require(
                current || holders == 0 || rows.isUnfinished(holding),
                3,
                "{} live rows of generation {} of {}, whose entry is {}",
                holders,
                generation,
                name,
                entry);
        require(entry == null || !current || entry.external() || holders > 0, 1, "nobody holds {}", entry);
    }

    private static boolean isPutTo(NamespaceName namespace, Changes changes, Map<EntryName, EntryRow> before) {
        return changes.entries().rows().values().stream().filter(row -> row.name().namespace().equals(namespace)).anyMatch(row -> {
            EntryRow old = before.get(row.name());
            return old == null || old.generation() != row.generation();
        });
    }

    /** Checks invariant 6 by counting a namespace again. Lifting a pin evicts nothing, so the limits are checked only after a put. */
    private void checkCapacity(NamespaceName name, boolean put) {
        NamespaceRow namespace = Objects.requireNonNull(rows.storedNamespaces().get(name));
        long entries = 0;
        long bytes = 0;
        for (EntryRow row : rows.storedEntries().values()) {
            if (row.name().namespace().equals(name) && row.pin() == null) {
                entries++;
                bytes += row.sizeBytes();
            }
        }
        require(
                namespace.entries() - namespace.pinnedEntries() == entries && namespace.bytes() - namespace.pinnedBytes() == bytes,
                6,
                "{} counts wrong: {} entries, {} bytes",
                namespace,
                entries,
                bytes);
        Long maxEntries = namespace.policy().maxEntries();
        Long maxBytes = namespace.policy().maxBytes();
        require(!put || maxEntries == null || entries <= maxEntries, 6, "{} has {} entries", namespace, entries);
        require(!put || maxBytes == null || bytes <= maxBytes, 6, "{} has {} bytes", namespace, bytes);
    }

    /** Checks invariants 2 and 3: a retired host has no rows, and the rows of a host are in its present store. */
    private void checkHost(HostRow host) {
        if (host.state() == HostState.RETIRED) {
            require(rows.countReplicas(host.id()) == 0, 3, "{} has open rows", host);
        }
        disks.joined(host, rows.countReplicas(host.id()), memory.stores);
    }

    private static boolean isBulk(Command<?> command) {
        return command instanceof Command.FromWorker<?>(RegisterRequest register) && register.items().size() > 1;
    }

    /**
     * Checks invariant 7: evictions for capacity take the least recently used entries, but no put evicts its own group. Entries that a transaction of
     * several commands or registrations has used itself are not checked.
     */
    private void checkVictims(List<Command<?>> commands, Changes changes) {
        if (commands.size() != 1 || isBulk(commands.getFirst())
                || changes.evictions().added().stream().noneMatch(eviction -> eviction.fact().cause() == EvictionCause.CAPACITY)) {
            return;
        }
        Map<NamespaceName, List<EntryName>> left = new HashMap<>();
        Set<EntryGroup> putTo = new HashSet<>();
        for (EntryRow row : changes.entries().rows().values()) {
            EntryGroup group = row.group();
            if (group != null) {
                putTo.add(group);
            }
        }
        for (Eviction eviction : changes.evictions().added()) {
            EntryName name = new EntryName(eviction.fact().namespace(), eviction.fact().key());
            EntryRow follower = rows.storedEntries().get(name);
            if (follower != null && follower.follows()) {
                continue;
            }
            List<EntryName> candidates = left.computeIfAbsent(
                    name.namespace(),
                    namespace -> new ArrayList<>(
                            rows.victims(namespace, Place.START, Integer.MAX_VALUE)
                                    .stream()
                                    .filter(row -> row.group() == null || !putTo.contains(row.group()))
                                    .map(EntryRow::name)
                                    .toList()));
            if (eviction.fact().cause() == EvictionCause.CAPACITY) {
                require(!candidates.isEmpty() && candidates.getFirst().equals(name), 7, "{} went before {}", name, candidates);
            }
            candidates.remove(name);
        }
    }

    /** Checks invariant 10: a host that lost much at once keeps its rows, and an operator is asked. */
    private void checkLosses(List<Command<?>> commands, Changes changes) {
        if (commands.size() != 1 || !(commands.getFirst() instanceof Command.FromWorker<?> from)
                || !(from.message() instanceof DropRequest || from.message() instanceof DiscrepancyRequest)) {
            return;
        }
        HostId host = from.message().hostId();
        // Rows that came from a backup and that their host did not report are not a loss.
        @Nullable
        Instant restoredAt = from.message() instanceof DiscrepancyRequest ? rows.registry().restoredAt() : null;
        long lost = changes.replicas()
                .closed()
                .values()
                .stream()
                .filter(closed -> closed.result() == ClosedReplica.Result.LOST)
                .filter(closed -> restoredAt == null || closed.row().registeredAt().isAfter(restoredAt))
                .count();
        long known = rows.countReplicas(host);
        // With interleaved transactions, rows may have been added or removed since the decision.
        long others = interleaved ? 1 : 0;
        require(
                lost < rules.breaker().from() || lost <= rules.breaker().share() * known + others,
                10,
                "{} loses {} of {} replicas",
                host,
                lost,
                known);
    }

    private void touch(Changes changes) {
        Set<HostId> touched = new TreeSet<>(changes.hosts().rows().keySet());
        changes.replicas().rows().values().forEach(row -> touched.add(row.hostId()));
        changes.replicas().closed().values().forEach(closed -> touched.add(closed.row().hostId()));
        disks.touched(touched);
    }

    // What must hold in the end.

    /** Returns violations of invariant 5, which holds when all hosts are heard, nothing is held and nothing is pending. */
    List<String> differences(List<SimulatedHost> hosts, Set<?> factsOnTopic) {
        List<String> found = new ArrayList<>();
        for (SimulatedHost host : hosts) {
            Set<ReplicaId> rowsOfHost = new HashSet<>();
            rows.storedReplicas()
                    .values()
                    .stream()
                    .filter(row -> row.isLive() && row.hostId().equals(host.id()))
                    .forEach(row -> rowsOfHost.add(row.id()));
            found.addAll(host.differences(rowsOfHost));
            rows.inUse(host.id()).forEach(replica -> found.add("in use at " + host + " as far as the registry knows: " + replica));
        }
        found.addAll(uses.untold(hosts));
        if (!restores.isSaid()) {
            found.add("nobody has said that the database was restored");
        }
        rows.storedNamespaces()
                .values()
                .stream()
                .filter(NamespaceRow::evictingToWatermark)
                .forEach(row -> found.add("still to be swept " + row));
        rows.storedReplicas().values().stream().filter(row -> !row.isLive()).forEach(row -> found.add("open order " + row));
        rows.unpublished().stream().filter(fact -> !factsOnTopic.contains(fact.id())).forEach(fact -> found.add("unpublished " + fact));
        return found;
    }
}
