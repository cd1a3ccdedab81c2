package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.Fleet;
import dev.spillway.coordinator.core.FleetHost;
import dev.spillway.coordinator.core.Registry;
import dev.spillway.coordinator.core.RegistryContract;
import dev.spillway.coordinator.core.RegistryRules;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.ReplicaOutcome;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static org.assertj.core.api.Assertions.assertThat;

class PostgresRegistryTest extends RegistryContract {
    @RegisterExtension
    static final TestDatabase DATABASE = new TestDatabase();

    @Override
    public Registry empty(RegistryRules rules) {
        return DATABASE.empty(rules);
    }

    @Override
    public void pass(Duration time) {
        DATABASE.pass(time);
    }

    @Test
    void everythingSurvivesReopening() {
        Fleet before = Fleet.withCapacity(empty(), 2);
        FleetHost host = before.host("host-1");
        before.put("a", "image-a");
        ReplicaId replica = host.holds("b", "image-b");
        before.get("a");
        ReplicaId doomed = host.holds("c", "image-c");
        before.invalidate("c", null);

        Fleet after = new Fleet(DATABASE.open(RegistryRules.DEFAULTS));
        assertThat(after.keys()).containsExactly("a");
        assertThat(after.figures()).isEqualTo(before.figures());
        assertThat(after.evictions()).hasSize(2).isEqualTo(before.evictions());
        FleetHost returned = after.host("host-1");
        assertThat(returned.ordered()).containsExactlyInAnyOrder(replica, doomed);
        assertThat(returned.register(doomed, "c", "image-c")).isInstanceOf(ReplicaOutcome.Registered.class);
        after.put("d", "image-d");
        assertThat(after.evictedByPutting("e")).containsExactly("a");
    }
}
