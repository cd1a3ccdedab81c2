package dev.spillway.coordinator;

import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.registry.Registry;
import dev.spillway.registry.decide.Command;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/** Speaks to a registry as workers do. */
public final class Workers {
    private final Registry registry;
    private final Random random = new Random(5);

    public Workers(Registry registry) {
        this.registry = registry;
    }

    public Sender join(String host) {
        var store = StoreId.parse(UUID.nameUUIDFromBytes(host.getBytes(StandardCharsets.UTF_8)).toString());
        var joined =
                (JoinAnswer.Joined) ask(
                        new JoinRequest(
                                new HostId(host),
                                store,
                                "127.0.0.1:7080",
                                List.of(1),
                                new JoinRequest.WorkerProcess(UUID.randomUUID(), false)));
        return new Sender(new HostId(host), store, joined.registryId(), joined.epoch(), joined.incarnation());
    }

    /** Puts one entry; the replica's id. */
    public ReplicaId put(Sender sender, String namespace, String key) {
        var id = ReplicaId.mint(Instant.now(), random);
        ask(
                new RegisterRequest(
                        sender,
                        List.of(
                                new Registration(
                                        id,
                                        new NamespaceName(namespace),
                                        new EntryKey(key),
                                        new SnapshotId("image of " + key),
                                        4096,
                                        Description.NONE))));
        return id;
    }

    /** A heartbeat, with the orders in its answer. */
    public List<Order> orders(Sender sender) {
        return ask(new HeartbeatRequest(sender, HostFigures.NONE, List.of(), 0, 0)).orders();
    }

    public static Report deleted(Sender sender, ReplicaId replica) {
        return new Report(replica, sender.hostId(), sender.storeId(), Report.Result.DELETED, null, null, 4096);
    }

    private <A> A ask(WorkerMessage<A> message) {
        return switch (registry.execute(new Command.FromWorker<>(message))) {
            case Reply.Accepted<A>(var answer) -> answer;
            case Reply.Fenced<A>(var why) -> throw new AssertionError("fenced: " + why);
        };
    }
}
