package dev.spillway.registry;

import dev.spillway.events.EvictionCause;
import dev.spillway.events.PinReason;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.Outcomes;
import dev.spillway.registry.model.Pin;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

import static dev.spillway.registry.Fleet.NS;
import static dev.spillway.registry.Fleet.name;
import static dev.spillway.registry.Fleet.ns;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A pinned entry is never chosen as a victim, and counts for no limit. */
public interface PinContract extends RegistryFixture {
    private static Instant soon(Fleet fleet) {
        // By the registry's clock, not by this one.
        fleet.pin("a", null);
        Pin pin = fleet.entry("a").pin();
        if (pin == null) {
            throw new AssertionError("a was to be pinned");
        }
        return pin.at().plus(Duration.ofHours(1));
    }

    @Test
    default void aPinnedEntryIsNoVictimOfAPut() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.put("a", "image-a");
        fleet.put("b", "image-b");
        assertThat(fleet.pin("a", null)).isInstanceOf(Outcomes.Pinning.Pinned.class);
        assertThat(fleet.evictedByPutting("c")).as("the pinned one is not counted").isEmpty();
        assertThat(fleet.evictedByPutting("d")).containsExactly("b");
        assertThat(fleet.keys()).containsExactly("a", "c", "d");
        assertThat(fleet.figures()).extracting(figures -> List.of(figures.entries(), figures.pinnedEntries(), figures.pinnedBytes()))
                .isEqualTo(List.of(3L, 1L, 1L));
    }

    @Test
    default void pinnedBytesAreNotCountedEither() {
        Fleet fleet = new Fleet(empty());
        fleet.registry.execute(new Command.SetPolicy(ns(NS), null, 10L, null));
        fleet.put("a", "image-a", 10);
        fleet.pin("a", null);
        assertThat(Fleet.evictedKeys(fleet.put("b", "image-b", 10))).isEmpty();
        assertThat(Fleet.evictedKeys(fleet.put("c", "image-c", 1))).containsExactly("b");
        assertThat(fleet.put("d", "image-d", 11)).isInstanceOf(Outcomes.Putting.Refused.class);
        assertThat(fleet.keys()).containsExactly("a", "c");
    }

    @Test
    default void allPinnedEvictsNothing() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        for (String key : List.of("a", "b", "c")) {
            fleet.put(key, "image-" + key);
            fleet.pin(key, null);
        }
        assertThat(fleet.keys()).containsExactly("a", "b", "c");
        assertThat(fleet.namespace(NS, 1L)).isInstanceOf(Outcomes.PolicySetting.Changed.class);
        assertThat(fleet.keys()).containsExactly("a", "b", "c");
    }

    @Test
    default void aLiftedPinEvictsNothingButTheNextPutDoes() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.put("a", "image-a");
        fleet.pin("a", null);
        for (String key : List.of("b", "c", "d", "e")) {
            fleet.put(key, "image-" + key);
        }
        assertThat(fleet.unpin("a")).isEqualTo(new Outcomes.Pinning.Lifted(true));
        assertThat(fleet.unpin("a")).isEqualTo(new Outcomes.Pinning.Lifted(false));
        assertThat(fleet.keys()).containsExactly("a", "d", "e");
        assertThat(fleet.evictedByPutting("f")).as("at its old place in the order of use").containsExactly("a", "d");
    }

    @Test
    default void aPinStaysWhenTheKeyIsPutAgain() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.put("a", "image-1", 5);
        fleet.pin("a", null);
        fleet.put("a", "image-1", 5);
        assertThat(fleet.entry("a").pin()).isNotNull();
        fleet.put("a", "image-2", 7);
        assertThat(fleet.entry("a").pin()).as("it belongs to the key").isNotNull();
        assertThat(fleet.figures()).extracting(figures -> List.of(figures.entries(), figures.pinnedEntries(), figures.pinnedBytes()))
                .isEqualTo(List.of(1L, 1L, 7L));
        assertThat(fleet.onlyEviction().fact().cause()).isEqualTo(EvictionCause.REPLACED);
    }

    @Test
    default void aDeletedEntryTakesItsPinWithIt() {
        Fleet fleet = Fleet.withCapacity(empty(), 2);
        fleet.put("a", "image-a");
        fleet.pin("a", null);
        assertThat(fleet.invalidate("a", null)).isInstanceOf(Outcomes.Invalidation.Invalidated.class);
        fleet.put("a", "image-a");
        assertThat(fleet.entry("a").pin()).isNull();
        assertThat(fleet.figures().pinnedEntries()).isZero();
    }

    @Test
    default void aCleanTakesPinnedEntriesLast() {
        Fleet fleet = Fleet.withCapacity(empty(), 9);
        for (String key : List.of("a", "b", "c", "d")) {
            fleet.put(key, "image-" + key);
        }
        fleet.pin("a", null);
        fleet.pin("c", null);
        assertThat(fleet.registry.execute(new Command.Clean(ns(NS), 3))).isEqualTo(new Outcomes.Cleaning(3, 1));
        assertThat(fleet.keys()).containsExactly("c");
        assertThat(fleet.registry.execute(new Command.Clean(ns(NS), 3))).isEqualTo(new Outcomes.Cleaning(1, 0));
        assertThat(fleet.figures().pinnedEntries()).isZero();
    }

    @Test
    default void aPinHoldsUntilItsEndAndIsLiftedByTheNextSweepBehindIt() {
        Fleet fleet = Fleet.withCapacity(empty(), 1);
        fleet.put("a", "image-a");
        Instant until = soon(fleet);
        assertThat(fleet.pin("a", until)).isInstanceOfSatisfying(
                Outcomes.Pinning.Pinned.class,
                pinned -> assertThat(pinned.pin().until()).isEqualTo(until));
        pass(Duration.ofMinutes(50));
        assertThat(fleet.expire(10)).isEqualTo(new Outcomes.Expired(0, 0, false));
        assertThat(fleet.evictedByPutting("b")).isEmpty();
        pass(Duration.ofMinutes(11));
        assertThat(fleet.expire(10)).isEqualTo(new Outcomes.Expired(1, 0, true));
        assertThat(fleet.entry("a").pin()).isNull();
        assertThat(fleet.evictedByPutting("c")).containsExactly("a", "b");
    }

    @Test
    default void pinsThatEndTogetherAreLiftedInTheOrderOfTheBytesOfTheirKeys() {
        Fleet fleet = Fleet.withCapacity(empty(), 10);
        List<String> inOrder = List.of("k\uE000", "k\uFFFD", "k\uD83D\uDE00");
        fleet.put("a", "image");
        Instant until = soon(fleet);
        fleet.unpin("a");
        for (String key : inOrder.reversed()) {
            fleet.put(key, "image");
            fleet.pin(key, until);
        }
        pass(Duration.ofMinutes(61));
        for (int lifted = 1; lifted <= inOrder.size(); lifted++) {
            fleet.expire(1);
            assertThat(inOrder.stream().filter(key -> fleet.entry(key).pin() == null)).isEqualTo(inOrder.subList(0, lifted));
        }
    }

    @Test
    default void aPinMayBeChanged() {
        Fleet fleet = Fleet.withCapacity(empty(), 1);
        fleet.put("a", "image-a");
        fleet.pin("a", soon(fleet));
        fleet.registry.execute(new Command.SetPin(name("a"), new PinReason("for good"), null));
        pass(Duration.ofHours(2));
        assertThat(fleet.expire(10).pinsLifted()).isZero();
        assertThat(fleet.entry("a").pin()).satisfies(pin -> {
            assertThat(pin.reason().value()).isEqualTo("for good");
            assertThat(pin.until()).isNull();
        });
        assertThat(fleet.figures().pinnedEntries()).isOne();
    }

    @Test
    default void whatCannotBePinnedIsRefused() {
        Fleet fleet = Fleet.withCapacity(empty(), 1);
        assertThat(fleet.pin("a", null)).isEqualTo(new Outcomes.Pinning.Absent());
        assertThat(fleet.unpin("a")).isEqualTo(new Outcomes.Pinning.Absent());
        fleet.put("a", "image-a");
        assertThat(fleet.pin("a", Instant.EPOCH)).isInstanceOfSatisfying(
                Outcomes.Pinning.Refused.class,
                refused -> assertThat(refused.detail()).startsWith("until: 1970-01-01T00:00:00Z (expected: a time after "));
        assertThat(fleet.entry("a").pin()).isNull();
        assertThatThrownBy(() -> new PinReason(" ")).hasMessage("reason:   (expected: a reason that is more than blanks)");
        assertThatThrownBy(() -> new PinReason("é".repeat(257))).hasMessageEndingWith("(expected: 1 to 512 bytes of UTF-8, not 514)");
    }

    @Test
    default void theLastHolderTakesAPinnedEntryWithIt() {
        Fleet fleet = Fleet.withCapacity(empty(), 5);
        FleetHost host = fleet.host("host-1");
        host.holds("a", "image-a");
        fleet.pin("a", null);
        fleet.registry.execute(new Command.Retire(host.id));
        assertThat(fleet.keys()).isEmpty();
        assertThat(fleet.figures().pinnedEntries()).isZero();
    }

    @Test
    default void theListHasPinnedEntriesAtTheirPlaceAndPagesThroughThem() {
        Fleet fleet = Fleet.withCapacity(empty(), 20);
        for (int i = 0; i < 9; i++) {
            fleet.put("k" + i, "image-" + i);
            if (i % 2 == 0) {
                fleet.pin("k" + i, null);
            }
        }
        assertThat(fleet.keys()).containsExactly("k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8");
        assertThat(fleet.pages(2)).containsExactlyElementsOf(fleet.keys());
    }
}
