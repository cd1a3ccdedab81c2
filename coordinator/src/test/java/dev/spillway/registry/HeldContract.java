package dev.spillway.registry;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.HeldReplica;
import dev.spillway.registry.RegistryQueries.ReplicaView;
import dev.spillway.registry.model.InUse;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/** Replicas in use at their hosts, as the registry knows them. */
public interface HeldContract extends RegistryFixture {
    Duration LONG = Duration.ofDays(1);

    private static HeldReplica held(ReplicaId replica, long holds) {
        return new HeldReplica(replica, LONG.toMillis(), holds);
    }

    private static List<InUse> inUse(Fleet fleet, String key) {
        return fleet.entry(key).replicas().stream().map(ReplicaView::inUse).filter(Objects::nonNull).toList();
    }

    @Test
    default void anEntryShowsWhichOfItsCopiesAreInUseAndUntilWhen() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId used = host.holds("a", "1");
        ReplicaId idle = host.holds("b", "2");
        FleetHost other = fleet.host("host-2");
        other.holds("a", "1");
        assertThat(inUse(fleet, "a")).isEmpty();

        host.tellHeld(held(used, 2));
        assertThat(inUse(fleet, "a")).singleElement().satisfies(shown -> {
            assertThat(shown.replicaId()).isEqualTo(used);
            assertThat(shown.holds()).isEqualTo(2);
            assertThat(shown.until()).isBetween(
                    fleet.entry("a").createdAt().plus(LONG),
                    fleet.entry("a").createdAt().plus(LONG.multipliedBy(2)));
        });
        assertThat(fleet.entry("a").replicas()).extracting(ReplicaView::hostId, replica -> replica.inUse() != null)
                .containsExactlyInAnyOrder(tuple(host.id, true), tuple(other.id, false));
        assertThat(inUse(fleet, "b")).isEmpty();

        host.heartbeat();
        other.heartbeat();
        assertThat(inUse(fleet, "a")).as("a heartbeat that tells nothing of holds").hasSize(1);
        host.tellHeld(held(used, 3), held(idle, 1));
        assertThat(inUse(fleet, "a")).as("a changed one").extracting(InUse::holds).containsExactly(3L);
        host.tellHeld(new HeldReplica(idle, 0, 1), held(idle, 4));
        assertThat(inUse(fleet, "a")).as("what it does not tell any more").isEmpty();
        assertThat(inUse(fleet, "b")).as("the last of two").extracting(InUse::holds).containsExactly(4L);
        other.tellHeld();
        assertThat(inUse(fleet, "b")).as("when another host tells of none").hasSize(1);
        host.tellHeld();
        assertThat(inUse(fleet, "b")).isEmpty();
    }

    @Test
    default void aHoldThatHasEndedIsNotShown() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId used = host.holds("a", "1");
        host.tellHeld(new HeldReplica(used, 0, 1));
        assertThat(inUse(fleet, "a")).isEmpty();
    }

    @Test
    default void aHostTellsOfItsOwnCopiesOnly() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        ReplicaId others = fleet.host("host-1").holds("a", "1");
        FleetHost liar = fleet.host("host-2");
        liar.tellHeld(held(others, 1), held(Fleet.newReplicaId(), 1));
        assertThat(inUse(fleet, "a")).isEmpty();
    }

    /** Its worker may be one of an earlier release now, which tells of no holds. */
    @Test
    default void aHostThatJoinsAgainTellsAnew() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        ReplicaId used = host.holds("a", "1");
        host.tellHeld(held(used, 1));
        host.join();
        assertThat(inUse(fleet, "a")).isEmpty();
    }
}
