package dev.spillway.bench.fleet;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.events.HostId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.registry.Registry;
import dev.spillway.registry.decide.Command;
import java.util.List;
import java.util.UUID;

/** Sends messages to a registry as workers do. */
public final class Workers {
    private Workers() {}

    /** @throws BenchmarkFailedException if the sender is fenced */
    public static <A> A ask(Registry registry, WorkerMessage<A> message) {
        return switch (registry.execute(new Command.FromWorker<>(message))) {
            case Reply.Accepted<A>(var answer) -> answer;
            case Reply.Fenced<A>(var why) -> throw new BenchmarkFailedException("fenced: " + why);
        };
    }

    /** A host with a new store, after its first join. */
    public record Host(Sender sender, int partition) {}

    /** @throws BenchmarkFailedException if the host is refused */
    public static Host join(Registry registry, HostId id) {
        StoreId store = new StoreId(UUID.randomUUID());
        return switch (ask(
                registry,
                new JoinRequest(id, store, "127.0.0.1:7080", List.of(1), new JoinRequest.WorkerProcess(UUID.randomUUID(), false)))) {
            case JoinAnswer.Joined joined ->
                    new Host(new Sender(id, store, joined.registryId(), joined.epoch(), joined.incarnation()), joined.partition());
            case JoinAnswer.Refused refused -> throw new BenchmarkFailedException("joining " + id + ": " + refused.detail());
        };
    }
}
