package dev.spillway.registry;

import dev.spillway.events.EvictionCause;
import dev.spillway.events.EvictionFact;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.Actor;
import dev.spillway.registry.model.Policy;
import dev.spillway.registry.model.PolicyChange;
import dev.spillway.registry.model.PolicyField;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.Fleet.NS;
import static dev.spillway.registry.Fleet.name;
import static dev.spillway.registry.Fleet.ns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** After each put a namespace is within its limits, and exactly the least recently used entries were evicted. */
public interface CapacityContract extends RegistryFixture {
    @Test
    default void theEntryJustPutIsNeverItsOwnVictim() {
        Fleet fleet = Fleet.withCapacity(empty(), 1);
        for (int i = 0; i < 5; i++) {
            fleet.put("k" + i, "image-" + i);
            assertThat(fleet.keys()).containsExactly("k" + i);
        }
    }

    @Test
    default void bytesAreHeldToTheirLimitToo() {
        Fleet fleet = new Fleet(empty());
        fleet.registry.execute(new Command.SetPolicy(ns(NS), null, 10L, null));
        fleet.put("a", "1", 4);
        fleet.put("b", "2", 4);
        assertThat(Fleet.evictedKeys(fleet.put("c", "3", 2))).isEmpty();
        assertThat(Fleet.evictedKeys(fleet.put("d", "4", 7))).containsExactly("a", "b");
        assertThat(fleet.figures().bytes()).isEqualTo(9);
        assertThat(Fleet.evictedKeys(fleet.put("c", "5", 4))).containsExactly("d");
        assertThat(fleet.figures().bytes()).isEqualTo(4);
    }

    @Test
    default void anImageThatCanNeverFitIsRefusedAndNothingGoesForIt() {
        Fleet fleet = new Fleet(empty());
        fleet.registry.execute(new Command.SetPolicy(ns(NS), null, 10L, null));
        fleet.put("a", "1", 10);
        assertThat(fleet.put("b", "2", 11)).isInstanceOfSatisfying(Outcomes.Putting.Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(ReplicaOutcome.Reason.TOO_LARGE);
            assertThat(refused.detail()).contains("11").contains("10");
        });
        assertThat(fleet.keys()).containsExactly("a");
    }

    @Test
    default void aSizeThatNoImageHasIsRefusedAndTakesNoRoomFromOthers() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        for (long size : List.of(Long.MAX_VALUE, (1L << 50) + 1)) {
            assertThat(fleet.put("a", "1", size)).isInstanceOfSatisfying(
                    Outcomes.Putting.Refused.class,
                    refused -> assertThat(refused.detail())
                            .isEqualTo("sizeBytes: " + size + " (expected: at most 1125899906842624, one pebibyte)"));
        }
        assertThat(Fleet.evictedKeys(fleet.put("b", "2", 1L << 50))).isEmpty();
        assertThat(fleet.keys()).containsExactly("b");
    }

    @Test
    default void theTotalOfANamespaceNeverLeavesItsNumber() {
        Fleet fleet = Fleet.withCapacity(empty(), 10_000);
        FleetHost host = fleet.host("host-1");
        for (int begin = 0; begin < 8_191; begin += 1_000) {
            host.register(
                    IntStream.range(begin, Math.min(8_191, begin + 1_000))
                            .mapToObj(i -> FleetHost.registration(Fleet.newReplicaId(), "key-" + i, "image-" + i, 1L << 50))
                            .toArray(Registration[]::new));
        }
        assertThat(fleet.put("one-too-many", "b", 1L << 50)).isInstanceOfSatisfying(
                Outcomes.Putting.Refused.class,
                refused -> assertThat(refused.detail()).contains("(expected: at most " + ((1L << 50) - 1)));
        assertThat(Fleet.evictedKeys(fleet.put("fits", "c", (1L << 50) - 1))).isEmpty();
        assertThat(fleet.figures().bytes()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    default void anImageOfNoBytesFitsALimitOfNoBytes() {
        Fleet fleet = new Fleet(empty());
        fleet.registry.execute(new Command.SetPolicy(ns(NS), null, 0L, null));
        assertThat(fleet.put("a", "1", 1)).isInstanceOf(Outcomes.Putting.Refused.class);
        assertThat(Fleet.evictedKeys(fleet.put("b", "2", 0))).isEmpty();
        assertThat(fleet.keys()).containsExactly("b");
    }

    @Test
    default void aLoweredLimitIsEnforcedAtOnce() {
        Fleet fleet = Fleet.withCapacity(empty(), 9);
        for (int i = 0; i < 9; i++) {
            fleet.put("k" + i, "image-" + i);
        }
        assertThat(fleet.namespace(NS, 2L)).isEqualTo(new Outcomes.PolicySetting.Changed(new Policy(2L, null, 0.5), 7));
        assertThat(fleet.keys()).containsExactly("k7", "k8");
        assertThat(fleet.figures().evictions()).containsEntry(EvictionCause.CAPACITY, 7L);
    }

    @Test
    default void aLoweredLimitThatTakesTooLargeAShareIsPlannedAndNotSet() {
        Fleet fleet = Fleet.withCapacity(empty(), 12);
        for (int i = 0; i < 12; i++) {
            fleet.put("k" + i, "image-" + i);
        }
        assertThat(fleet.namespace(NS, 5L)).isInstanceOfSatisfying(
                Outcomes.PolicySetting.Planned.class,
                planned -> assertThat(planned.plan()).isEqualTo(new Outcomes.Planning.Made(planned.plan().planId(), true, 7, 6, 12)));
        assertThat(fleet.figures().policy().maxEntries()).isEqualTo(12);
        assertThat(fleet.keys()).hasSize(12);
        assertThat(fleet.registry.execute(new Command.SetPolicy(ns(NS), null, 5L, null)))
                .isInstanceOf(Outcomes.PolicySetting.Planned.class);
        assertThat(fleet.figures().policy().maxBytes()).isNull();
        assertThat(fleet.namespace(NS, 6L)).isEqualTo(new Outcomes.PolicySetting.Changed(new Policy(6L, null, 0.5), 6));
        assertThat(fleet.registry.execute(new Command.SetPolicy(ns(NS), 1L, null, 1.0))).isInstanceOf(Outcomes.PolicySetting.Changed.class);
        assertThat(fleet.keys()).containsExactly("k11");
    }

    @Test
    default void limitsThatAreNotNamedStayAsTheyAre() {
        Fleet fleet = new Fleet(empty());
        fleet.registry.execute(new Command.SetPolicy(ns(NS), 5L, 100L, 0.25));
        fleet.registry.execute(new Command.SetPolicy(ns(NS), 7L, null, null));
        assertThat(fleet.figures().policy()).isEqualTo(new Policy(7L, 100L, 0.25));
    }

    @Test
    default void aLimitThatIsGivenWithoutAValueIsRemoved() {
        Fleet fleet = new Fleet(empty());
        Duration hour = Duration.ofHours(1);
        fleet.registry.execute(
                new Command.SetPolicy(ns(NS), new PolicyChange(EnumSet.allOf(PolicyField.class), 5L, 100L, hour, hour, 0.5, 0.25)));
        assertThat(fleet.figures().policy()).isEqualTo(new Policy(5L, 100L, hour, hour, 0.5, 0.25));
        fleet.registry.execute(
                new Command.SetPolicy(
                        ns(NS),
                        new PolicyChange(EnumSet.of(PolicyField.MAX_ENTRIES, PolicyField.TTL), null, null, null, null, null, null)));
        assertThat(fleet.figures().policy()).isEqualTo(new Policy(null, 100L, null, hour, 0.5, 0.25));
        fleet.registry.execute(
                new Command.SetPolicy(ns(NS), new PolicyChange(EnumSet.allOf(PolicyField.class), null, null, null, null, null, null)));
        assertThat(fleet.figures().policy()).isEqualTo(Policy.UNLIMITED);
    }

    @Test
    default void aPutThatExceedsALimitEvictsDownToTheLowWatermark() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        fleet.change(PolicyChange.ofLowWatermark(0.7));
        for (int i = 0; i < 10; i++) {
            assertThat(fleet.evictedByPutting("k" + i)).as("within the limit").isEmpty();
        }
        assertThat(fleet.evictedByPutting("k10")).containsExactly("k0", "k1", "k2", "k3");
        assertThat(fleet.evictedByPutting("k11")).as("within the limit again").isEmpty();
        assertThat(fleet.keys()).hasSize(8);
    }

    @Test
    default void theLowWatermarkHoldsForBytesToo() {
        Fleet fleet = new Fleet(empty());
        fleet.registry.execute(new Command.SetPolicy(ns(NS), null, 100L, null));
        fleet.change(PolicyChange.ofLowWatermark(0.29));
        for (int i = 0; i < 10; i++) {
            fleet.put("k" + i, "image-" + i, 10);
        }
        assertThat(Fleet.evictedKeys(fleet.put("last", "image", 9))).containsExactly("k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7");
        assertThat(fleet.figures().bytes()).isEqualTo(29);
    }

    @Test
    default void theEntryJustPutStaysAboveALowWatermarkThatHasNoRoomForIt() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.change(PolicyChange.ofLowWatermark(0.1));
        fleet.put("a", "image-a");
        fleet.put("b", "image-b");
        assertThat(fleet.evictedByPutting("c")).containsExactly("a", "b");
        assertThat(fleet.keys()).containsExactly("c");
    }

    /** One transaction evicts a bounded number of entries; the sweep evicts the rest. */
    @Test
    default void aFarLowWatermarkIsReachedInChunks() {
        Fleet fleet = Fleet.withCapacity(empty(), 2_200);
        fleet.change(PolicyChange.ofLowWatermark(0.25));
        FleetHost host = fleet.host("host-1");
        for (int batch = 0; batch < 11; batch++) {
            host.registerMany("k" + batch + "-", 200);
        }
        assertThat(fleet.evictedByPutting("one-more")).hasSize(1_000);
        assertThat(fleet.figures().entries()).isEqualTo(1_201);
        assertThat(fleet.expire(400)).isEqualTo(new Outcomes.Expired(0, 400, true));
        assertThat(fleet.expire(1_000)).isEqualTo(new Outcomes.Expired(0, 251, true));
        assertThat(fleet.expire(1_000)).isEqualTo(new Outcomes.Expired(0, 0, false));
        assertThat(fleet.figures().entries()).isEqualTo(550);
        assertThat(fleet.evictions().getFirst().actor()).isEqualTo(Actor.SWEEP);
    }

    @Test
    default void badLimitsAreRefusedAndChangeNothing() {
        assertThatThrownBy(() -> PolicyChange.ofTtl(Duration.ofMillis(999)))
                .hasMessage("ttl: PT0.999S (expected: 1 second (PT1S) to 36500 days (P36500D))");
        assertThatThrownBy(() -> PolicyChange.ofMaxIdle(Duration.ofDays(36_501))).hasMessageStartingWith("maxIdle: PT876024H (expected: ");
        assertThatThrownBy(() -> PolicyChange.ofLowWatermark(0.0)).hasMessage("lowWatermark: 0.0 (expected: above 0, at most 1)");
        assertThatThrownBy(() -> PolicyChange.ofLowWatermark(Double.NaN)).hasMessage("lowWatermark: NaN (expected: above 0, at most 1)");
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        assertThatThrownBy(() -> fleet.namespace(NS, 0L)).hasMessage("maxEntries: 0 (expected: 1 or more)");
        assertThatThrownBy(() -> fleet.registry.execute(new Command.SetPolicy(ns(NS), null, -1L, null)))
                .hasMessage("maxBytes: -1 (expected: 0 or more)");
        assertThatThrownBy(() -> fleet.put("a", "1", -1)).hasMessage("sizeBytes: -1 (expected: 0 or more)");
        assertThat(fleet.figures().policy()).isEqualTo(new Policy(5L, null, 0.5));
        assertThat(fleet.keys()).isEmpty();
    }

    /** Reads and puts in a fixed but shuffled order against a list that is the definition of LRU. */
    @Test
    default void victimsAreExactlyTheLeastRecentlyUsed() {
        Fleet fleet = Fleet.withCapacity(empty(), 8);
        List<String> expected = new ArrayList<>();
        Random random = new Random(7);
        for (int step = 0; step < 120; step++) {
            String key = "k" + random.nextInt(14);
            if (random.nextInt(3) == 0) {
                boolean hit = fleet.get(key) != null;
                assertThat(hit).as("step %d: read of %s", step, key).isEqualTo(expected.remove(key));
                if (hit) {
                    expected.add(key);
                }
            } else {
                List<String> evicted = Fleet.evictedKeys(fleet.put(key, "image-" + key));
                expected.remove(key);
                expected.add(key);
                List<String> tooMany = new ArrayList<>(expected.subList(0, Math.max(0, expected.size() - 8)));
                expected.removeAll(tooMany);
                assertThat(evicted).as("step %d: put of %s", step, key).isEqualTo(tooMany);
            }
            assertThat(fleet.keys()).as("step %d", step).isEqualTo(expected);
        }
    }

    @Test
    default void aThousandPutsFromSixteenThreadsLeaveExactlyTheCapacity() throws InterruptedException, ExecutionException {
        Fleet fleet = Fleet.withCapacity(empty(), 100);
        ConcurrentLinkedQueue<String> evicted = new ConcurrentLinkedQueue<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(16)) {
            List<Future<?>> puts = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                String key = "k" + i;
                puts.add(threads.submit(() -> evicted.addAll(fleet.evictedByPutting(key))));
            }
            for (Future<?> put : puts) {
                put.get();
            }
        }
        List<String> live = fleet.keys();
        assertThat(live).hasSize(100);
        assertThat(fleet.figures().entries()).isEqualTo(100);
        assertThat(evicted).hasSize(900);
        List<String> all = new ArrayList<>(evicted);
        all.addAll(live);
        assertThat(all).containsExactlyInAnyOrderElementsOf(IntStream.range(0, 1_000).mapToObj(i -> "k" + i).toList());
        assertThat(fleet.claimFacts()).extracting(EvictionFact::key)
                .extracting(Object::toString)
                .containsExactlyInAnyOrderElementsOf(evicted);
        assertThat(fleet.registry.queries().entry(name(live.getFirst()))).isPresent();
    }
}
