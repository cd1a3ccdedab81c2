package dev.spillway.registry;

import dev.spillway.events.EvictionCause;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.PolicyChange;
import java.time.Duration;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.Fleet.NS;
import static org.assertj.core.api.Assertions.assertThat;

/** No put evicts an entry within its residency; the put is refused instead. */
public interface ResidencyContract extends RegistryFixture {
    private static Fleet promising(Registry registry, long maxEntries) {
        Fleet fleet = Fleet.withCapacity(registry, maxEntries);
        fleet.change(PolicyChange.toArtifacts(Duration.ofHours(3), false));
        return fleet;
    }

    private static void assertNoRoom(Outcomes.Putting putting) {
        assertThat(putting).isInstanceOfSatisfying(Outcomes.Putting.Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(ReplicaOutcome.Reason.NO_ROOM);
            assertThat(refused.detail()).contains("namespace " + NS, "PT3H", "room from ");
        });
    }

    @Test
    default void aPutWhoseVictimWasNamedWithinTheResidencyIsRefusedAndChangesNothing() {
        Fleet fleet = promising(empty(), 2);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "image-a");
        host.holds("b", "image-b");
        pass(Duration.ofHours(2));
        NamespaceFigures before = NamespaceFigures.of(fleet);
        assertThat(host.register(Fleet.newReplicaId(), "c", "image-c")).isInstanceOfSatisfying(ReplicaOutcome.Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(ReplicaOutcome.Reason.NO_ROOM);
            assertThat(refused.detail()).contains("namespace " + NS, "maxEntries 2", "PT3H", "room from ");
        });
        assertNoRoom(fleet.put("c", "image-c"));
        assertThat(fleet.keys()).containsExactly("a", "b");
        assertThat(fleet.evictions()).isEmpty();
        assertThat(host.ordered()).isEmpty();
        assertThat(NamespaceFigures.of(fleet)).isEqualTo(before);
        pass(Duration.ofHours(1));
        assertThat(fleet.evictedByPutting("c")).as("the residency is over").containsExactly("a");
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.CAPACITY);
    }

    @Test
    default void aReadBeginsTheResidencyAnew() {
        Fleet fleet = promising(empty(), 2);
        FleetHost host = fleet.host("host-1");
        fleet.put("a", "image-a");
        fleet.put("b", "image-b");
        pass(Duration.ofHours(2));
        fleet.get("b");
        host.touch("a");
        pass(Duration.ofHours(2));
        assertNoRoom(fleet.put("c", "image-c"));
        assertThat(fleet.get("b")).isEqualTo("image-b");
        pass(Duration.ofHours(1));
        assertThat(fleet.evictedByPutting("c")).containsExactly("a");
    }

    /** The first victim may go, but it is too small. */
    @Test
    default void everyVictimThatTheLimitAsksForMustBeOutOfItsResidency() {
        Fleet fleet = new Fleet(empty());
        fleet.registry.execute(new Command.SetPolicy(Fleet.ns(NS), null, 10L, null));
        fleet.change(PolicyChange.toArtifacts(Duration.ofHours(3), false));
        fleet.put("small", "image-small", 1);
        pass(Duration.ofHours(3));
        fleet.put("large", "image-large", 9);
        assertNoRoom(fleet.put("next", "image-next", 5));
        assertThat(fleet.keys()).containsExactly("small", "large");
        assertThat(Fleet.evictedKeys(fleet.put("next", "image-next", 1))).containsExactly("small");
    }

    /** A replacement needs no room for another entry, and its old image may go at once. */
    @Test
    default void aFullNamespaceTakesAnotherImageOfAKeyThatItHas() {
        Fleet fleet = promising(empty(), 2);
        fleet.put("a", "image-a");
        fleet.put("b", "image-b");
        assertThat(fleet.put("a", "image-2")).isInstanceOf(Outcomes.Putting.Stored.class);
        assertThat(fleet.put("a", "image-2")).isInstanceOf(Outcomes.Putting.Stored.class);
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.REPLACED);
        fleet.pin("b", null);
        assertThat(fleet.put("c", "image-c")).as("a pinned entry is under no limit").isInstanceOf(Outcomes.Putting.Stored.class);
        assertNoRoom(fleet.put("d", "image-d"));
    }

    /** The low watermark is a target, not a limit: it takes what may go and no put fails for it. */
    @Test
    default void theLowWatermarkStopsAtWhatIsResident() {
        Fleet fleet = promising(empty(), 4);
        fleet.change(PolicyChange.ofLowWatermark(0.25));
        fleet.put("a", "image-a");
        fleet.put("b", "image-b");
        pass(Duration.ofHours(3));
        fleet.put("c", "image-c");
        fleet.put("d", "image-d");
        assertThat(fleet.evictedByPutting("e")).containsExactly("a", "b");
    }

    @Test
    default void whatAPersonOrTimeAsksForGoesAllTheSame() {
        Fleet fleet = promising(empty(), 4);
        for (String key : new String[]{"a", "b", "c", "d"}) {
            fleet.put(key, "image-" + key);
        }
        assertThat(fleet.namespace(NS, 3L)).isEqualTo(new Outcomes.PolicySetting.Changed(fleet.figures().policy(), 1));
        fleet.invalidate("b", null);
        fleet.change(PolicyChange.ofMaxIdle(Duration.ofHours(1)));
        pass(Duration.ofHours(2));
        assertThat(fleet.expire(10).evicted()).isEqualTo(2);
    }

    /** The state that a refusal must not change. */
    record NamespaceFigures(long entries, long bytes, long hits, long misses) {
        static NamespaceFigures of(Fleet fleet) {
            var figures = fleet.figures();
            return new NamespaceFigures(figures.entries(), figures.bytes(), figures.hits(), figures.misses());
        }
    }
}
