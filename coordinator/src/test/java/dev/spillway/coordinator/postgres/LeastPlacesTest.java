package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.EntryRow;
import dev.spillway.coordinator.core.Fleet;
import dev.spillway.coordinator.core.Place;
import dev.spillway.coordinator.core.Use;
import dev.spillway.coordinator.core.Written;
import dev.spillway.events.Description;
import dev.spillway.events.SnapshotId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What is known of dead index entries saves steps and never hides a live one. */
class LeastPlacesTest {
    private final LeastPlaces leastPlaces = new LeastPlaces();
    private final TreeSet<Long> live = new TreeSet<>();
    private final List<Long> beginnings = new ArrayList<>();

    private List<Long> page(long epoch, long afterUse, int limit) {
        return page(new LeastPlaces.Era(epoch, 0), afterUse, limit);
    }

    private List<Long> page(LeastPlaces.Era era, long afterUse, int limit) {
        return leastPlaces.page(era, Fleet.ns(Fleet.NS), new Place(0, afterUse), limit, from -> {
            beginnings.add(from.use());
            return live.tailSet(from.use(), false).stream().limit(limit).map(LeastPlacesTest::usedAt).toList();
        }).stream().map(EntryRow::lastUse).toList();
    }

    private static EntryRow usedAt(long use) {
        return new EntryRow(Fleet.name("k" + use), new SnapshotId("image"), use, 1, Description.NONE, new Use(use, Instant.EPOCH, 1, 0),
                false,
                Instant.EPOCH, null, Written.NONE, false);
    }

    @Test
    void aSearchBeginsBehindWhatWasOnceTheLeast() {
        live.addAll(List.of(5L, 6L, 7L, 8L));
        assertThat(page(1, 0, 2)).containsExactly(5L, 6L);
        live.removeAll(List.of(5L, 6L));
        assertThat(page(1, 0, 2)).containsExactly(7L, 8L);
        assertThat(beginnings).containsExactly(0L, 4L);
    }

    @Test
    void aRestoredDatabaseIsSearchedFromItsBeginning() {
        live.addAll(List.of(50L, 51L, 52L));
        page(1, 0, 1);
        live.clear();
        live.addAll(List.of(3L, 4L, 60L));
        assertThat(page(2, 0, 1)).containsExactly(3L);
    }

    @Test
    void whatALiftedPinBringsBackIsFoundAtItsOldPlace() {
        live.addAll(List.of(50L, 51L, 52L));
        page(new LeastPlaces.Era(1, 0), 0, 1);
        live.add(3L);
        assertThat(page(new LeastPlaces.Era(1, 1), 0, 1)).containsExactly(3L);
    }

    @Test
    void everyPageIsWhatASearchFromTheBeginningWouldFind() {
        Random random = new Random(11);
        long uses = 0;
        for (int step = 0; step < 5_000; step++) {
            switch (random.nextInt(3)) {
                case 0 -> live.add(++uses);
                case 1 -> {
                    if (!live.isEmpty()) {
                        live.remove(random.nextInt(4) == 0 ? live.last() : live.first());
                    }
                }
                default -> {
                    long afterUse = random.nextBoolean() ? 0 : random.nextLong(uses + 1);
                    int limit = 1 + random.nextInt(4);
                    assertThat(page(1, afterUse, limit)).as("step %d", step)
                            .isEqualTo(live.tailSet(afterUse, false).stream().limit(limit).toList());
                }
            }
        }
    }
}
