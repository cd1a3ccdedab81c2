package dev.spillway.coordinator.core;

import dev.spillway.coordinator.core.RegistryQueries.ReplicaView;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.HeldReplica;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/** What is known of replicas in use at their hosts. */
public interface HeldContract extends RegistryFixture {
    Instant FAR = Instant.parse("2120-01-01T00:00:00Z");
    Instant PAST = Instant.parse("2020-01-01T00:00:00Z");

    private static List<HeldReplica> held(Fleet fleet, String key) {
        return fleet.entry(key).replicas().stream().map(ReplicaView::held).filter(Objects::nonNull).toList();
    }

    @Test
    default void anEntryShowsWhichOfItsCopiesAreInUseAndUntilWhen() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId used = host.holds("a", "1");
        ReplicaId idle = host.holds("b", "2");
        FleetHost other = fleet.host("host-2");
        other.holds("a", "1");
        assertThat(held(fleet, "a")).isEmpty();

        HeldReplica told = new HeldReplica(used, FAR, 2);
        host.tellHeld(told);
        assertThat(fleet.entry("a").replicas()).extracting(ReplicaView::hostId, ReplicaView::held)
                .containsExactlyInAnyOrder(tuple(host.id, told), tuple(other.id, null));
        assertThat(held(fleet, "b")).isEmpty();

        host.heartbeat();
        other.heartbeat();
        assertThat(held(fleet, "a")).as("a heartbeat that tells nothing of holds").containsExactly(told);
        host.tellHeld(new HeldReplica(idle, PAST, 1), new HeldReplica(idle, FAR, 3));
        assertThat(held(fleet, "a")).as("what it does not tell any more").isEmpty();
        assertThat(held(fleet, "b")).as("the last of two").containsExactly(new HeldReplica(idle, FAR, 3));
    }

    @Test
    default void aHoldThatHasEndedIsNotShown() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId used = host.holds("a", "1");
        host.tellHeld(new HeldReplica(used, PAST, 1));
        assertThat(held(fleet, "a")).isEmpty();
    }

    @Test
    default void aHostTellsOfItsOwnCopiesOnly() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        ReplicaId others = fleet.host("host-1").holds("a", "1");
        FleetHost liar = fleet.host("host-2");
        liar.tellHeld(new HeldReplica(others, FAR, 1), new HeldReplica(Fleet.newReplicaId(), FAR, 1));
        assertThat(held(fleet, "a")).isEmpty();
    }
}
