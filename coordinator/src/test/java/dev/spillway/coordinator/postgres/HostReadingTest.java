package dev.spillway.coordinator.postgres;

import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.HeldReplica;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.FleetHost;
import dev.spillway.registry.RegistryQueries.HostView;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;

class HostReadingTest {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    /** Counting the rows of all hosts takes seconds there, and lists are asked for again and again. */
    @Test
    void aListOfALargeFleetTellsWhatHostsToldAndCountsThoseThatLeave() {
        Fleet fleet = Fleet.withCapacity(DATABASE.empty(RegistryRules.DEFAULTS), 20);
        FleetHost busy = fleet.host("busy");
        FleetHost leaving = fleet.host("leaving");
        FleetHost gone = fleet.host("gone");
        busy.holds("a", "image-a");
        busy.holds("b", "image-b");
        fleet.invalidate("b", null);
        leaving.holds("c", "image-c");
        ReplicaId last = gone.holds("d", "image-d");
        fleet.registry.execute(new Command.Drain(leaving.id));
        gone.tellHeld(new HeldReplica(last, 1_000, 1));
        assertThat(DATABASE.ask("SELECT host_id FROM held_replicas")).containsExactly("gone");
        fleet.registry.execute(new Command.Retire(gone.id));
        assertThat(DATABASE.ask("SELECT host_id FROM held_replicas")).as("of a retired host").isEmpty();
        assertThat(replicas(fleet)).isEqualTo(Map.of("busy", 2L, "leaving", 1L, "gone", 0L));

        DATABASE.execute("UPDATE hosts SET replicas = 200000");

        assertThat(replicas(fleet)).isEqualTo(Map.of("busy", 200_000L, "leaving", 1L, "gone", 0L));
        assertThat(fleet.registry.queries().hosts()).filteredOn(host -> host.row().id().equals(busy.id))
                .singleElement()
                .extracting(HostView::openOrders)
                .isEqualTo(1L);
        assertThat(fleet.registry.queries().host(busy.id).orElseThrow().replicas()).as("one host by itself").isEqualTo(2);
    }

    private static Map<String, Long> replicas(Fleet fleet) {
        return fleet.registry.queries().hosts().stream().collect(Collectors.toMap(host -> host.row().id().value(), HostView::replicas));
    }
}
