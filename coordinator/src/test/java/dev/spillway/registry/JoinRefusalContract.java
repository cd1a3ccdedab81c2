package dev.spillway.registry;

import dev.spillway.events.RegistryId;
import dev.spillway.events.StoreId;
import dev.spillway.events.codec.EventType;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinAnswer.Reason;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.model.JoinRefusal;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A refused worker is shown with the reason and what to do, as long as it keeps asking. */
public interface JoinRefusalContract extends RegistryFixture {
    private static void refused(Fleet fleet, FleetHost host, JoinRequest request, Reason reason, String... wayOut) {
        JoinAnswer answer = host.join(request);
        assertThat(answer).isInstanceOfSatisfying(JoinAnswer.Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(reason);
            assertThat(refused.detail()).contains(wayOut);
            JoinRefusal shown = fleet.registry.queries().joinRefusals(10).getFirst();
            assertThat(shown.hostId()).isEqualTo(request.hostId());
            assertThat(shown.storeId()).isEqualTo(request.storeId());
            assertThat(shown.address()).isEqualTo(request.address());
            assertThat(shown.reason()).isEqualTo(reason);
            assertThat(shown.detail()).isEqualTo(refused.detail());
        });
    }

    private static JoinRequest joining(FleetHost host, int version, RegistryId registry, long epoch, long generation) {
        return new JoinRequest(
                host.id,
                host.storeId,
                "10.0.0.7:7080",
                List.of(version),
                registry,
                epoch,
                generation,
                new JoinRequest.WorkerProcess(new UUID(3, 3), false),
                0);
    }

    @Test
    default void everyReasonIsShownWithItsWayOut() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        RegistryId registry = fleet.registry.queries().registry().id();
        FleetHost host = fleet.host("host-1");
        host.holds("a", "image-a");
        EnumSet<Reason> left = EnumSet.allOf(Reason.class);

        FleetHost other = new FleetHost(fleet.registry, "host-1", new StoreId(new UUID(1, 2)));
        refused(fleet, other, other.joinRequest(), Reason.HOST_ID_IN_USE, "give this host another id");
        left.remove(Reason.HOST_ID_IN_USE);

        FleetHost copy = new FleetHost(fleet.registry, "host-2", host.storeId);
        refused(fleet, copy, copy.joinRequest(), Reason.STORE_IN_USE, "host-1", "retire that host", "new data directory");
        left.remove(Reason.STORE_IN_USE);

        FleetHost stranger = new FleetHost(fleet.registry, "host-3");
        refused(
                fleet,
                stranger,
                joining(stranger, EventType.VERSION, new RegistryId(new UUID(9, 9)), 1, 0),
                Reason.OTHER_REGISTRY,
                "its own registry",
                "new data directory");
        left.remove(Reason.OTHER_REGISTRY);
        refused(fleet, stranger, joining(stranger, EventType.VERSION + 1, registry, 1, 0), Reason.NO_COMMON_VERSION, "release");
        left.remove(Reason.NO_COMMON_VERSION);
        refused(fleet, stranger, joining(stranger, EventType.VERSION, registry, 1, 1_000_000), Reason.REGISTRY_BEHIND, "spillway restored");
        left.remove(Reason.REGISTRY_BEHIND);
        assertThat(fleet.registry.queries().joinRefusals(10)).as("one for each that asks, with the last reason")
                .extracting(refusal -> refusal.hostId() + " " + refusal.reason())
                .containsExactly("host-3 REGISTRY_BEHIND", "host-2 STORE_IN_USE", "host-1 HOST_ID_IN_USE");
        assertThat(fleet.registry.queries().joinRefusals(2)).hasSize(2);

        FleetHost earlier = new FleetHost(fleet.registry, "host-4");
        earlier.join(earlier.joinRequest("10.0.0.1:7080", new UUID(3, 1), false));
        FleetHost later = new FleetHost(fleet.registry, "host-4");
        later.join(later.joinRequest("10.0.0.2:7080", new UUID(3, 2), false));
        refused(fleet, earlier, earlier.joinRequest("10.0.0.1:7080", new UUID(3, 1), true), Reason.SUPERSEDED, "stop one of the two");
        left.remove(Reason.SUPERSEDED);

        fleet.registry.execute(new Command.Retire(later.id));
        refused(fleet, later, later.joinRequest(), Reason.RETIRED, "spillway readmit host-4");
        left.remove(Reason.RETIRED);

        assertThat(left).as("shown by a test of its own").containsExactly(Reason.NEW_STORE);
    }

    @Test
    default void aNewStoreIsShownUntilItIsTaken() {
        Fleet fleet = Fleet.withCapacity(empty(AT_ONCE), 5);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "image-a");
        assertThat(fleet.registry.queries().joinRefusals(10)).isEmpty();
        FleetHost replaced = new FleetHost(fleet.registry, "host-1", new StoreId(new UUID(1, 2)));
        refused(fleet, replaced, replaced.joinRequest(), Reason.NEW_STORE, "mount the volume", "spillway readmit host-1");
        host.joined();
        assertThat(fleet.registry.queries().joinRefusals(10)).as("the other store is taken, not this one").hasSize(1);
        fleet.registry.execute(new Command.Retire(host.id));
        fleet.registry.execute(new Command.Readmit(host.id));
        replaced.joined();
        assertThat(fleet.registry.queries().joinRefusals(10)).isEmpty();
    }

    @Test
    default void whatWaitsForAPersonWaitsOnWhenTheHostComesBack() {
        Fleet fleet = new Fleet(empty());
        FleetHost earlier = new FleetHost(fleet.registry, "host-1");
        earlier.join(earlier.joinRequest("10.0.0.1:7080", new UUID(3, 1), false));
        FleetHost later = new FleetHost(fleet.registry, "host-1");
        later.join(later.joinRequest("10.0.0.2:7080", new UUID(3, 2), false));
        refused(fleet, earlier, earlier.joinRequest("10.0.0.1:7080", new UUID(3, 1), true), Reason.SUPERSEDED, "stop one of the two");
        later.join(later.joinRequest("10.0.0.2:7080", new UUID(3, 2), true));
        assertThat(fleet.registry.queries().host(later.id).orElseThrow().row().attention()).isNotNull();
    }

    @Test
    default void aStoreThatIsTakenUnderAnotherNameIsRefusedUnderNone() {
        Fleet fleet = new Fleet(empty());
        fleet.host("host-1");
        StoreId asking = new StoreId(new UUID(1, 2));
        FleetHost other = new FleetHost(fleet.registry, "host-1", asking);
        refused(fleet, other, other.joinRequest(), Reason.HOST_ID_IN_USE, "stop the other worker");
        new FleetHost(fleet.registry, "host-2", asking).joined();
        assertThat(fleet.registry.queries().joinRefusals(10)).isEmpty();
    }

    @Test
    default void ofVeryManyTheLatestAreKept() {
        Fleet fleet = new Fleet(empty());
        fleet.host("host-1");
        for (int store = 1; store <= JoinRefusal.KEPT_MAX + 3; store++) {
            new FleetHost(fleet.registry, "host-1", new StoreId(new UUID(1, store))).join();
        }
        assertThat(fleet.registry.queries().joinRefusals(2 * JoinRefusal.KEPT_MAX)).hasSize(JoinRefusal.KEPT_MAX)
                .extracting(JoinRefusal::storeId)
                .contains(new StoreId(new UUID(1, JoinRefusal.KEPT_MAX + 3)));
    }

    @Test
    default void whoAsksNoMoreIsShownNoLonger() {
        Fleet fleet = new Fleet(empty());
        FleetHost host = fleet.host("host-1");
        FleetHost other = new FleetHost(fleet.registry, "host-1", new StoreId(new UUID(1, 2)));
        refused(fleet, other, other.joinRequest(), Reason.HOST_ID_IN_USE, "stop the other worker");
        pass(JoinRefusal.SHOWN_FOR.minus(Duration.ofMinutes(1)));
        assertThat(fleet.registry.queries().joinRefusals(10)).hasSize(1);
        pass(Duration.ofMinutes(1));
        assertThat(fleet.registry.queries().joinRefusals(10)).isEmpty();
        host.joined();
    }
}
