package dev.spillway.simulation;

import dev.spillway.events.EntryName;
import dev.spillway.events.OrderCause;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.memoryregistry.MapRows;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Eviction;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.HostRow;
import dev.spillway.registry.model.NamespaceRow;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.Changes;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

import static dev.spillway.simulation.Invariants.require;

/**
 * The invariants across a restore of the database, by number.
 *
 * <ul>
 * <li>1, no live deletion: the restored registry decides what is live. There is one exception until a host has reported its replicas. It may still obey
 * an answer from the lost time: an order, the report that a replica is lost, or that its id was never registered. A reported replica has a new id,
 * which nothing from the lost time names, so the exception ends with the report. No registered replica goes unless some registry said so.
 * <li>2, fencing: a message registers nothing if its epoch is not that of its transaction. Each id is registered once in what the database remembers.
 * Until a person has told that the database was restored, incarnations and the epoch may be those from before. So a late message may register a
 * forgotten id. After that, none does.
 * <li>3, nothing leaks: once a host has reported, each replica that it serves has a row, under its own id or the one that it continues under.
 * <li>5, convergence: unchanged.
 * <li>6, capacity: a reported namespace may exceed its limits. The registry then knows that, and the sweep brings the namespace within them.
 * <li>7, generations: this is about the newest generation of a key that a host holds and serves, or would serve if its volume were mounted. If the
 * database does not remember its end, it is never doomed because of an older one, nor because there is none. What was ended since the restore does
 * not come back. Generations that hosts report are never drawn again. A host never serves an older copy after a newer one that it had at the restore.
 * A put or copy after the restore may have a lower number than what was served before.
 * <li>8, honest answers: "stored" may refer to the lost time. So may "not registered", if the end of the id was forgotten. "Refused" and "gone" refer to
 * what the registry remembers.
 * </ul>
 *
 * Between the restore and the report of a person that it happened, numbers of the lost time are drawn again. operations.md names this as the price of a
 * late report. What was put in that time is not checked under 7.
 */
final class RestoreInvariants {
    private final MapRows rows;
    private final DiskInvariants disks;
    private final Set<ReplicaId> live;
    /** Number of restores before an image was registered for its host. */
    private final Map<ReplicaId, Integer> registeredAfter = new HashMap<>();
    /** New id of each readopted replica, by its former id. */
    private final Map<ReplicaId, ReplicaId> readoptedAs = new HashMap<>();
    /** Replicas that were to be deleted with their rows, or that their hosts were told are not registered, in any past. */
    private final Set<ReplicaId> orderedAway = new HashSet<>();
    private final Set<ReplicaId> toldEnded = new HashSet<>();
    /** LIVE ids whose end the restored registry has forgotten. */
    private final Set<ReplicaId> doubtful = new HashSet<>();
    /** Images that were registered between a restore and its confirmation, with numbers that were drawn before. */
    private final Set<ReplicaId> numberedTwice = new HashSet<>();
    private final Map<EntryName, Long> endedSinceSaid = new HashMap<>();
    private boolean said = true;
    private int restores;
    private long readopted;

    RestoreInvariants(MapRows rows, DiskInvariants disks, Set<ReplicaId> live) {
        this.rows = rows;
        this.disks = disks;
        this.live = live;
    }

    /** Records that the rows are now those of a backup. */
    void restored() {
        restores++;
        said = false;
        doubtful.clear();
        live.stream().filter(this::hasEnded).forEach(doubtful::add);
        endedSinceSaid.clear();
    }

    boolean isSaid() {
        return said;
    }

    /** Returns the number of readopted replicas. */
    long readopted() {
        return readopted;
    }

    /** Returns the number of restores so far. */
    int restores() {
        return restores;
    }

    /** Returns the number of restores before this image was registered for its host. */
    int registeredAfter(ReplicaId image) {
        return registeredAfter.getOrDefault(image, 0);
    }

    /** Returns all ids that an image had, the first one first. */
    List<ReplicaId> idsOf(ReplicaId image) {
        return Stream.iterate(image, Objects::nonNull, readoptedAs::get).toList();
    }

    /** Returns whether this replica may be deleted although its row is LIVE, because the restored registry has forgotten its end or its refusal. */
    boolean isDoubtful(ReplicaId id) {
        return doubtful.contains(id);
    }

    boolean isOrderedAway(ReplicaId id) {
        return orderedAway.contains(id);
    }

    /** Returns whether the registry ever said, in any past, that this replica is to be deleted or is not registered. */
    boolean hasEnded(ReplicaId id) {
        return orderedAway.contains(id) || toldEnded.contains(id);
    }

    boolean isNumberedTwice(ReplicaId image) {
        return numberedTwice.contains(image);
    }

    void ordered(ReplicaId id) {
        orderedAway.add(id);
    }

    /**
     * Checks invariant 2. A transaction that was begun before the confirmation has the former epoch, and ends before any host joins in the new one.
     */
    void checkSender(Sender sender, HostRow host, long epoch) {
        require(sender.epoch() == epoch, 2, "{} changed something in epoch {}", sender, epoch);
        require(
                epoch == rows.registry().epoch() || host.readoptedEpoch() < rows.registry().epoch(),
                2,
                "{} changed something of {}, in epoch {}",
                sender,
                host,
                rows.registry());
    }

    void registered(List<Command<?>> commands, ReplicaRow row, long epoch) {
        commands.forEach(command -> {
            if (command instanceof Command.FromWorker<?>(ReadoptRequest request) && disks.known(row) == null) {
                // The order from before the restore arrived while the host reported the replica that it names.
                request.items()
                        .stream()
                        .filter(item -> item.replicaId().equals(row.id()) && orderedAway.contains(item.formerId()))
                        .forEach(item -> doubtful.add(row.id()));
            }
        });
        if (!said || epoch != rows.registry().epoch()) {
            numberedTwice.add(row.id());
            if (hasEnded(row.id())) {
                doubtful.add(row.id());
            }
        }
        registeredAfter.putIfAbsent(row.id(), restores);
    }

    /**
     * Checks the changes of a committed transaction.
     *
     * @param epoch  that it was begun in
     * @param memory memory before the transaction
     * @param before entries that it changed, as they were before
     */
    void committed(List<Command<?>> commands, Changes changes, long epoch, Memory memory, Map<EntryName, EntryRow> before) {
        commands.forEach(this::rememberNewIds);
        commands.forEach(this::rememberSpentIds);
        if (restores == 0) {
            return;
        }
        if (changes.registry().row() != null && changes.registry().row().epoch() != epoch) {
            said = true;
            endedSinceSaid.clear();
        }
        if (said && epoch == rows.registry().epoch()) {
            changes.replicas()
                    .rows()
                    .values()
                    .stream()
                    .filter(row -> !row.isLive() && !orderedAway.contains(row.id()))
                    .forEach(row -> checkDoomed(row, memory));
            commands.forEach(command -> {
                if (command instanceof Command.FromWorker<?>(ReadoptRequest request)) {
                    checkReadopted(request, changes, before);
                }
            });
            for (Eviction eviction : changes.evictions().added()) {
                if (eviction.isDecided()) {
                    endedSinceSaid.merge(
                            new EntryName(eviction.fact().namespace(), eviction.fact().key()),
                            eviction.fact().generation(),
                            Math::max);
                }
            }
        }
    }

    private void rememberNewIds(Command<?> command) {
        if (command instanceof Command.FromWorker<?>(ReadoptRequest readopt)) {
            readopt.items()
                    .stream()
                    .filter(item -> rows.storedReplicas().containsKey(item.replicaId()))
                    .forEach(item -> readoptedAs.put(item.formerId(), item.replicaId()));
        }
    }

    /**
     * Remembers ids that are used up and have no row, which the host was told. A replica that a host reports as lost never gets this answer only
     * because it has no row.
     */
    private void rememberSpentIds(Command<?> command) {
        if (command instanceof Command.FromWorker<?>(FencedMessage<?> message)) {
            Stream<ReplicaId> ids = switch (message) {
                case RegisterRequest register -> register.items().stream().map(Registration::replicaId);
                case AttachRequest attach -> attach.items().stream().map(Attachment::replicaId);
                case ResolveRequest resolve -> resolve.replicaIds().stream();
                case DropRequest _, TouchRequest _, HeartbeatRequest _, ReconcileRequest _, DiscrepancyRequest _, ReadoptRequest _ ->
                        Stream.empty();
            };
            ids.filter(id -> rows.isRecorded(id) && !rows.storedReplicas().containsKey(id)).forEach(toldEnded::add);
        }
    }

    /** Checks invariant 7, by the replicas that hosts hold and not by their rows. */
    private void checkDoomed(ReplicaRow row, Memory memory) {
        OrderCause cause = row.doom() == null ? OrderCause.RELIEF : row.doom().cause();
        EntryRow entry = rows.storedEntries().get(row.name());
        ReplicaRecord held = disks.known(row);
        if (held == null || (held.state() != ReplicaState.LIVE && !DiskInvariants.isAwaited(held))
                || (cause != OrderCause.REPLACED && cause != OrderCause.ORPHAN)
                || memory.ends.getOrDefault(row.name(), Set.of()).contains(held.generation()) || numberedTwice.contains(held.image())) {
            return;
        }
        if (entry == null) {
            require(
                    cause != OrderCause.ORPHAN || hasEnded(held.id())
                            || memory.ends.getOrDefault(row.name(), Set.of()).stream().anyMatch(end -> end > held.generation()),
                    7,
                    "{} is doomed, and nobody has another",
                    held);
            return;
        }
        long newest = entry.external() ? entry.generation() : generationHeld(entry);
        require(newest >= held.generation(), 7, "{} is doomed, and {} is older", held, entry);
    }

    /** Returns the generation of an entry as its holders know it. They may not know the one that was just put. */
    private long generationHeld(EntryRow entry) {
        long newest = 0;
        for (ReplicaRow holder : rows.lockLiveReplicas(Set.of(new Holding(entry.name(), entry.generation())), Integer.MAX_VALUE)
                .values()
                .iterator()
                .next()
                .first()) {
            ReplicaRecord record = disks.known(holder);
            boolean told = record != null && record.state() != ReplicaState.PENDING;
            newest = Math.max(newest, told ? Objects.requireNonNull(record).generation() : holder.generation());
        }
        return newest;
    }

    /** Checks invariants 6 and 7. */
    private void checkReadopted(ReadoptRequest request, Changes changes, Map<EntryName, EntryRow> entriesBefore) {
        request.items().forEach(item -> {
            ReplicaRow row = changes.replicas().rows().get(item.replicaId());
            readopted += row == null ? 0 : 1;
            EntryRow before = entriesBefore.get(item.name());
            boolean brings = row != null && row.isLive() && (before == null || before.generation() < item.generation());
            require(
                    !brings || endedSinceSaid.getOrDefault(item.name(), 0L) < item.generation(),
                    7,
                    "{} brings back what was ended: {}",
                    row,
                    endedSinceSaid);
        });
        changes.namespaces()
                .rows()
                .values()
                .forEach(
                        namespace -> require(
                                namespace.evictingToWatermark() || isWithinLimits(namespace),
                                6,
                                "{} is beyond its limits, and nobody knows",
                                namespace));
    }

    /** Checks invariant 6: a namespace that is no longer marked as above its limits is within them, unless a pin has just ended. */
    static void checkSwept(@Nullable NamespaceRow before, NamespaceRow after, boolean swept) {
        require(
                !swept || before == null || !before.evictingToWatermark() || after.evictingToWatermark()
                        || before.placeReturns() != after.placeReturns() || isWithinLimits(after),
                6,
                "{} was swept, and is beyond its limits",
                after);
    }

    private static boolean isWithinLimits(NamespaceRow namespace) {
        Long maxEntries = namespace.policy().maxEntries();
        Long maxBytes = namespace.policy().maxBytes();
        return (maxEntries == null || namespace.entries() - namespace.pinnedEntries() <= maxEntries)
                && (maxBytes == null || namespace.bytes() - namespace.pinnedBytes() <= maxBytes);
    }
}
