package dev.spillway.registry;

import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.HostId;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.EventType;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.DiscrepancyAnswer;
import dev.spillway.events.protocol.DiscrepancyRequest;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HeldReplica;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.Readoption;
import dev.spillway.events.protocol.ReconcileAnswer;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.registry.decide.Command;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/** One host's side of the protocol, without a disk: it sends the messages of a worker. */
public final class FleetHost {
    private final Registry registry;
    public final HostId id;
    public final StoreId storeId;
    private @Nullable Sender sender;

    public FleetHost(Registry registry, String id) {
        this(registry, id, new StoreId(UUID.nameUUIDFromBytes(id.getBytes(StandardCharsets.UTF_8))));
    }

    public FleetHost(Registry registry, String id, StoreId storeId) {
        this.registry = registry;
        this.id = new HostId(id);
        this.storeId = storeId;
    }

    public JoinRequest joinRequest() {
        return joinRequest("127.0.0.1:7080", UUID.randomUUID(), false);
    }

    public JoinRequest joinRequest(String address, UUID process, boolean rejoins) {
        return new JoinRequest(
                id,
                storeId,
                address,
                List.of(EventType.VERSION),
                null,
                0,
                0,
                new JoinRequest.WorkerProcess(process, rejoins),
                sender == null ? 0 : sender.incarnation());
    }

    /** Returns the join request of a worker whose store has this incarnation as its last. */
    public JoinRequest joinRequest(long incarnation) {
        JoinRequest plain = joinRequest();
        return new JoinRequest(id, storeId, plain.address(), plain.versions(), sender().registryId(), 1, 0, plain.process(), incarnation);
    }

    public JoinAnswer join(JoinRequest request) {
        JoinAnswer answer = accepted(registry.execute(new Command.FromWorker<>(request)));
        if (answer instanceof JoinAnswer.Joined joined) {
            sender = new Sender(id, storeId, joined.registryId(), joined.epoch(), joined.incarnation());
        }
        return answer;
    }

    public JoinAnswer join() {
        return join(joinRequest());
    }

    public FleetHost joined() {
        JoinAnswer answer = join();
        if (!(answer instanceof JoinAnswer.Joined)) {
            throw new AssertionError(id + " was to join: " + answer);
        }
        return this;
    }

    public Sender sender() {
        return Objects.requireNonNull(sender, "the host has joined");
    }

    public <A> Reply<A> send(FencedMessage<A> message) {
        return registry.execute(new Command.FromWorker<>(message));
    }

    public static <A> A accepted(Reply<A> reply) {
        return switch (reply) {
            case Reply.Accepted<A> accepted -> accepted.answer();
            case Reply.Fenced<A> fenced -> throw new AssertionError("fenced: " + fenced.why());
        };
    }

    public static Registration registration(ReplicaId replica, String key, String snapshot, long sizeBytes) {
        EntryName name = Fleet.name(key);
        return new Registration(replica, name.namespace(), name.key(), new SnapshotId(snapshot), sizeBytes, Description.NONE);
    }

    public List<ReplicaOutcome> register(Registration... items) {
        return accepted(send(new RegisterRequest(sender(), List.of(items)))).outcomes();
    }

    public ReplicaOutcome register(ReplicaId replica, String key, String snapshot) {
        return register(registration(replica, key, snapshot, 1)).getFirst();
    }

    /** Registers new copies under this many keys with one beginning, in the order of their numbers. */
    public void registerMany(String beginning, int count) {
        register(
                IntStream.range(0, count)
                        .mapToObj(i -> registration(Fleet.newReplicaId(), beginning + i, "image-" + beginning + i, 1))
                        .toArray(Registration[]::new));
    }

    /** Registers a new copy under the key and returns its id. */
    public ReplicaId holds(String key, String snapshot) {
        ReplicaId replica = Fleet.newReplicaId();
        ReplicaOutcome outcome = register(replica, key, snapshot);
        if (!(outcome instanceof ReplicaOutcome.Registered)) {
            throw new AssertionError(key + " was to be registered: " + outcome);
        }
        return replica;
    }

    public ReplicaOutcome attach(ReplicaId replica, String key, long generation) {
        return attach(replica, key, generation, null);
    }

    /** Registers a copy of this generation, and of this image where its worker says which it copied. */
    public ReplicaOutcome attach(ReplicaId replica, String key, long generation, @Nullable String snapshot) {
        SnapshotId copied = snapshot == null ? null : new SnapshotId(snapshot);
        EntryName name = Fleet.name(key);
        return accepted(
                send(new AttachRequest(sender(), List.of(new Attachment(replica, name.namespace(), name.key(), generation, 1, copied)))))
                .outcomes()
                .getFirst();
    }

    /** Registers a copy of the generation of each key and returns their ids. */
    public List<ReplicaId> attachAll(Map<String, Long> generations) {
        List<Attachment> copies = new ArrayList<>();
        generations.forEach((key, generation) -> {
            EntryName name = Fleet.name(key);
            copies.add(new Attachment(Fleet.newReplicaId(), name.namespace(), name.key(), generation, 1, null));
        });
        assertThat(accepted(send(new AttachRequest(sender(), copies))).outcomes()).allMatch(ReplicaOutcome.Registered.class::isInstance);
        return copies.stream().map(Attachment::replicaId).toList();
    }

    /** Comes back as a worker whose store has seen this much. */
    public JoinAnswer returns(long highestGeneration) {
        JoinRequest plain = joinRequest();
        Sender was = sender();
        return join(
                new JoinRequest(
                        id,
                        storeId,
                        plain.address(),
                        plain.versions(),
                        was.registryId(),
                        was.epoch(),
                        highestGeneration,
                        plain.process(),
                        was.incarnation()));
    }

    /** Does the same as {@link #returns}, and is asked to report what it holds. */
    public void comesToReadopt(long highestGeneration) {
        assertThat(returns(highestGeneration)).isInstanceOfSatisfying(
                JoinAnswer.Joined.class,
                joined -> assertThat(joined.readopt()).as("is to readopt").isTrue());
    }

    /** One of its replicas under its next id. */
    public static Readoption readoption(ReplicaId next, ReplicaId former, String key, String snapshot, long generation, boolean served) {
        EntryName name = Fleet.name(key);
        return new Readoption(
                next,
                former,
                name.namespace(),
                name.key(),
                new SnapshotId(snapshot),
                generation,
                1,
                Description.NONE,
                served);
    }

    /** Tells that it serves this, and nothing else after it if that is the last. */
    public ReplicaOutcome readopts(ReplicaId next, ReplicaId former, String key, String snapshot, long generation, boolean last) {
        return readopt(last, readoption(next, former, key, snapshot, generation, true)).getFirst();
    }

    public List<ReplicaOutcome> readopt(boolean last, Readoption... items) {
        return accepted(send(new ReadoptRequest(sender(), List.of(items), last))).outcomes();
    }

    public ReplicaOutcome resolve(ReplicaId replica) {
        return accepted(send(new ResolveRequest(sender(), List.of(replica)))).outcomes().getFirst();
    }

    public DropAnswer drop(DropRequest.Reason reason, ReplicaId... replicas) {
        return accepted(
                send(new DropRequest(sender(), Stream.of(replicas).map(replica -> new DropRequest.Drop(replica, reason)).toList())));
    }

    public void touch(String... keys) {
        accepted(
                send(
                        new TouchRequest(
                                sender(),
                                Stream.of(keys).map(key -> new TouchRequest.Used(Fleet.name(key), 1)).toList(),
                                List.of())));
    }

    /** Tells of several reads at once. */
    public void touch(long hits, String key) {
        accepted(send(new TouchRequest(sender(), List.of(new TouchRequest.Used(Fleet.name(key), hits)), List.of())));
    }

    /** Tells of one use, which was so long ago. */
    public void touch(Duration age, String key) {
        accepted(send(new TouchRequest(sender(), List.of(new TouchRequest.Used(Fleet.name(key), 1, age.toMillis())), List.of())));
    }

    public HeartbeatAnswer heartbeat(Report... unacknowledged) {
        return heartbeat(0, unacknowledged);
    }

    public HeartbeatAnswer heartbeat(long policyVersion, Report... unacknowledged) {
        return accepted(
                send(new HeartbeatRequest(sender(), new HostFigures(1, 2, 3, 4, 5, 6L), List.of(unacknowledged), policyVersion, 0)));
    }

    /** Tells which replicas are in use. */
    public void tellHeld(HeldReplica... held) {
        accepted(send(new HeartbeatRequest(sender(), HostFigures.NONE, List.of(), 0, 0, List.of(held))));
    }

    /** The replicas that the registry wants deleted here and now. */
    public List<ReplicaId> ordered() {
        return heartbeat().orders().stream().map(Order::replicaId).toList();
    }

    /** Says that it could not delete the replica yet. */
    public Report failed(ReplicaId replica, String why) {
        return new Report(replica, id, storeId, Report.Result.FAILED, null, why, 0);
    }

    public Report report(ReplicaId replica, Report.Result result) {
        return new Report(replica, id, storeId, result, null, null, 0);
    }

    public ReconcileAnswer rows(@Nullable ReplicaId after) {
        return accepted(send(new ReconcileRequest(sender(), after)));
    }

    public static DiscrepancyRequest.Orphan orphan(ReplicaId replica, String key, long generation) {
        EntryName name = Fleet.name(key);
        return new DiscrepancyRequest.Orphan(replica, name.namespace(), name.key(), generation, 1);
    }

    public DiscrepancyAnswer ghosts(long inventory, ReplicaId... ghosts) {
        return discrepancies(List.of(ghosts), List.of(), inventory);
    }

    public DiscrepancyAnswer orphans(long inventory, DiscrepancyRequest.Orphan... orphans) {
        return discrepancies(List.of(), List.of(orphans), inventory);
    }

    public DiscrepancyAnswer discrepancies(List<ReplicaId> ghosts, List<DiscrepancyRequest.Orphan> orphans, long inventory) {
        return accepted(send(new DiscrepancyRequest(sender(), ghosts, orphans, inventory)));
    }
}
