package dev.spillway.coordinator.postgres.table;

import dev.spillway.events.Description;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.Fleet;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Place;
import dev.spillway.registry.model.Use;
import dev.spillway.registry.model.Written;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** The bound on dead index entries saves steps and never hides a live entry. */
class LeastPlacesTest {
    private final LeastPlaces leastPlaces = new LeastPlaces();
    private final TreeSet<Place> live = new TreeSet<>();
    private final List<Long> beginnings = new ArrayList<>();

    private void lives(long... uses) {
        LongStream.of(uses).forEach(use -> live.add(new Place(0, use)));
    }

    private List<Long> page(long epoch, long afterUse, int limit) {
        return page(new LeastPlaces.Era(epoch, 0), 0, new Place(0, afterUse), limit);
    }

    private List<Long> page(LeastPlaces.Era era, double age, Place after, int limit) {
        return leastPlaces.page(era, Fleet.ns(Fleet.NS), age, after, limit, from -> {
            beginnings.add(from.use());
            return live.tailSet(from, false).stream().limit(limit).map(LeastPlacesTest::usedAt).toList();
        }).stream().map(EntryRow::lastUse).toList();
    }

    private static EntryRow usedAt(Place place) {
        return new EntryRow(
                Fleet.name("k" + place.use()),
                new EntryRow.Image(new SnapshotId("image"), place.use(), 1, Description.NONE),
                new Use(place.use(), Instant.EPOCH, 1, place.priority()),
                false,
                Instant.EPOCH,
                null,
                Written.NONE,
                false);
    }

    @Test
    void aSearchBeginsBehindWhatWasOnceTheLeast() {
        lives(5, 6, 7, 8);
        assertThat(page(1, 0, 2)).containsExactly(5L, 6L);
        live.headSet(new Place(0, 7)).clear();
        assertThat(page(1, 0, 2)).containsExactly(7L, 8L);
        assertThat(beginnings).containsExactly(0L, 4L);
    }

    @Test
    void aRestoredDatabaseIsSearchedFromItsBeginning() {
        lives(50, 51, 52);
        page(1, 0, 1);
        live.clear();
        lives(3, 4, 60);
        assertThat(page(2, 0, 1)).containsExactly(3L);
    }

    @Test
    void whatALiftedPinBringsBackIsFoundAtItsOldPlace() {
        lives(50, 51, 52);
        page(new LeastPlaces.Era(1, 0), 0, Place.START, 1);
        lives(3);
        assertThat(page(new LeastPlaces.Era(1, 1), 0, Place.START, 1)).containsExactly(3L);
    }

    @Test
    void aSearchAmongPrioritiesBeginsAtTheAge() {
        live.addAll(List.of(new Place(1, 1), new Place(2, 2), new Place(5, 3), new Place(6, 4)));
        assertThat(page(new LeastPlaces.Era(1, 0), 0, Place.START, 2)).containsExactly(1L, 2L);
        live.headSet(new Place(5, 3)).clear();
        assertThat(page(new LeastPlaces.Era(1, 0), 2, Place.START, 2)).containsExactly(3L, 4L);
        live.add(new Place(2.5, 5));
        assertThat(page(new LeastPlaces.Era(1, 0), 2, Place.START, 2)).containsExactly(5L, 3L);
    }

    /** Under LRU all priorities are the age; under GDSF they are more, and what goes first raises the age. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyPageIsWhatASearchFromTheBeginningWouldFind(boolean priorities) {
        Random random = new Random(11);
        long uses = 0;
        double age = 0;
        for (int step = 0; step < 5_000; step++) {
            switch (random.nextInt(3)) {
                case 0 -> live.add(new Place(priorities ? age + random.nextInt(5) : age, ++uses));
                case 1 -> {
                    if (!live.isEmpty()) {
                        Place gone = random.nextInt(4) == 0 ? live.last() : live.first();
                        age = gone.equals(live.first()) ? Math.max(age, gone.priority()) : age;
                        live.remove(gone);
                    }
                }
                default -> {
                    Place after = live.isEmpty() || random.nextBoolean() ? Place.START
                            : List.copyOf(live).get(random.nextInt(live.size()));
                    int limit = 1 + random.nextInt(4);
                    assertThat(page(new LeastPlaces.Era(1, 0), age, after, limit)).as("step %d", step)
                            .isEqualTo(live.tailSet(after, false).stream().limit(limit).map(Place::use).toList());
                }
            }
        }
    }
}
