package dev.spillway.registry.decide;

import dev.spillway.events.HostId;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.FencedMessage;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HeldReplica;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.ReconcileRequest;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.store.Rows.HostLock;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

/** Tests the properties of commands. */
class CommandTest {
    private static final Sender SENDER =
            new Sender(new HostId("host-1"), new StoreId(new UUID(0, 1)), new RegistryId(new UUID(0, 2)), 1, 1);
    private static final ReplicaId REPLICA = new ReplicaId(new UUID(0, 3));

    private static Command<?> from(FencedMessage<?> message) {
        return new Command.FromWorker<>(message);
    }

    private static Report report(String host) {
        return new Report(REPLICA, new HostId(host), SENDER.storeId(), Report.Result.DELETED, null, null, 0);
    }

    @Test
    void aCommandWeighsAsMuchAsItsItems() {
        HeldReplica held = new HeldReplica(REPLICA, 1, 1);
        assertThat(from(new HeartbeatRequest(SENDER, HostFigures.NONE, List.of(report("host-1")), 0, 0, List.of(held, held))).weight())
                .isEqualTo(3);
        assertThat(from(new ResolveRequest(SENDER, List.of(REPLICA, REPLICA))).weight()).isEqualTo(2);
        assertThat(from(new ResolveRequest(SENDER, List.of())).weight()).isOne();
        assertThat(new Command.ReturnOrders(List.of()).weight()).isOne();
        assertThat(new Command.TakeReports(List.of(report("host-1"), report("host-2"))).weight()).isEqualTo(2);
    }

    @Test
    void theNameOfAClientChangesNothingButWhoAsks() {
        Command.OfClient<?> retire = new Command.Retire(SENDER.hostId());
        Command.OfClient<?> put = new Command.Invalidate(Fleet.name("a"), null);
        for (Command.OfClient<?> command : List.of(retire, put)) {
            var named = new Command.By<>(Actor.client("ann"), command);
            assertThat(named.actor()).isEqualTo(Actor.client("ann"));
            assertThat(named.goesAlone()).isEqualTo(command.goesAlone());
            assertThat(named.kind()).isEqualTo(command.kind());
        }
        assertThat(retire.goesAlone()).isTrue();
        assertThat(put.goesAlone()).isFalse();
    }

    @Test
    void aHostIsLockedInTheStrongestModeThatCommandsNeed() {
        Command<?> resolve = from(new ResolveRequest(SENDER, List.of(REPLICA)));
        Command<?> heartbeat = from(new HeartbeatRequest(SENDER, HostFigures.NONE, List.of(), 0, 0));
        Command<?> reports = new Command.TakeReports(List.of(report("host-1"), report("host-2")));
        assertThat(from(new ReconcileRequest(SENDER, null)).goesAlone()).isTrue();
        assertThat(Decisions.hostsOf(List.of(resolve, heartbeat, reports))).containsExactly(
                entry(SENDER.hostId(), HostLock.HEARTBEAT),
                entry(new HostId("host-2"), HostLock.FENCE));
    }
}
