package dev.spillway.coordinator.curve;

import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.trail.Access;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.within;

/** The model beside caches that are run for each size. */
class UseModelTest {
    private static final NamespaceName NAMESPACE = new NamespaceName("images");
    private static final int KEYS = 300;
    private static final int READS = 20_000;

    private final RandomGenerator random = new SplittableRandom(7);

    /** A cache of every size that sees the same reads, and puts what it misses. */
    private static final class Lru {
        private final long most;
        private final boolean inBytes;
        private final LinkedHashMap<String, Long> entries = new LinkedHashMap<>(16, 0.75f, true);
        private long held;
        private long hits;

        Lru(long most, boolean inBytes) {
            this.most = most;
            this.inBytes = inBytes;
        }

        void read(String key, long size) {
            if (entries.get(key) != null) {
                hits++;
                return;
            }
            entries.put(key, size);
            held += inBytes ? size : 1;
            while (held > most) {
                Map.Entry<String, Long> oldest = entries.pollFirstEntry();
                held -= inBytes ? oldest.getValue() : 1;
            }
        }

        void remove(String key) {
            Long size = entries.remove(key);
            held -= size == null ? 0 : inBytes ? size : 1;
        }

        double hitRate(int reads) {
            return (double) hits / reads;
        }
    }

    /** The accesses that a registry tells of, whose namespace has room for 60 entries now. */
    private final class Told {
        private final Lru present = new Lru(60, false);
        private final List<Access> accesses = new ArrayList<>();
        private long use;

        void read(String key, long size) {
            boolean hit = present.entries.containsKey(key);
            present.read(key, size);
            if (!hit) {
                accesses.add(new Access.Counted(NAMESPACE, 0, 1));
            }
            accesses.add(new Access.Used(NAMESPACE, new EntryKey(key), ++use, size, 1, hit ? 1 : 0, !hit));
        }

        void remove(String key) {
            present.remove(key);
            accesses.add(new Access.Removed(NAMESPACE, new EntryKey(key), use));
        }

        List<SampledAccesses> batches(int coordinators) {
            List<SampledAccesses.Gathering> gatherings =
                    IntStream.range(0, coordinators).mapToObj(each -> new SampledAccesses.Gathering(Sampling.ALL)).toList();
            accesses.forEach(access -> gatherings.get(random.nextInt(coordinators)).take(access));
            return gatherings.stream().map(SampledAccesses.Gathering::taken).toList();
        }
    }

    private static long size(int key) {
        return 1 + key * 37L % 1_000;
    }

    private int popular() {
        return (int) (KEYS * Math.pow(random.nextDouble(), 3));
    }

    @Test
    void everySizeHasTheHitRateOfACacheOfThatSizeWhereAllKeysAreFollowed() {
        List<Lru> byEntries = IntStream.rangeClosed(1, 256).mapToObj(size -> new Lru(size, false)).toList();
        Told told = new Told();
        for (int read = 0; read < READS; read++) {
            String key = "key-" + popular();
            byEntries.forEach(lru -> lru.read(key, 1));
            told.read(key, 1);
        }
        UseModel model = UseModel.empty();
        model.take(told.batches(1), 60);

        HitRateCurve curve = model.curve();

        assertThat(curve.accesses()).isEqualTo(READS);
        assertThat(curve.samplingRate()).isEqualTo(1);
        for (int size = 1; size <= 256; size++) {
            assertThat(curve.byEntries().at(size)).as("at %d entries", size)
                    .isCloseTo(byEntries.get(size - 1).hitRate(READS), within(1e-9));
        }
    }

    /** An LRU by bytes evicts whole entries, so the curve is not exactly that of one. */
    @Test
    void bytesCountAsEntriesDo() {
        long all = IntStream.range(0, KEYS).mapToLong(UseModelTest::size).sum();
        List<Lru> byBytes = IntStream.rangeClosed(1, 20).mapToObj(share -> new Lru(all * share / 20, true)).toList();
        Told told = new Told();
        for (int read = 0; read < READS; read++) {
            int key = popular();
            byBytes.forEach(lru -> lru.read("key-" + key, size(key)));
            told.read("key-" + key, size(key));
        }
        UseModel model = UseModel.empty();
        model.take(told.batches(1), 60);

        for (Lru lru : byBytes) {
            assertThat(model.curve().byBytes().at(lru.most)).as("at %d bytes", lru.most).isCloseTo(lru.hitRate(READS), within(0.01));
        }
    }

    @Test
    void whatSeveralCoordinatorsSawIsOneCurve() {
        Told told = new Told();
        for (int read = 0; read < READS; read++) {
            told.read("key-" + popular(), 1);
        }
        UseModel one = UseModel.empty();
        one.take(told.batches(1), 60);
        UseModel merged = UseModel.empty();
        merged.take(told.batches(3), 60);

        assertThat(merged.curve()).isEqualTo(one.curve());
    }

    static List<SampledAccesses> packedAndUnpacked(List<SampledAccesses> accesses) {
        return accesses.stream()
                .map(
                        each -> new SampledAccesses(
                                each.threshold(),
                                each.hits(),
                                each.fills(),
                                each.misses(),
                                SampledAccesses.unpacked(each.packed(), each.packedCosts())))
                .toList();
    }

    @Test
    void aModelThatIsWrittenAndReadGoesOnAsItWas() {
        Told told = new Told();
        UseModel whole = UseModel.empty();
        CurveModel stored = UseModel.empty();
        for (int part = 0; part < 4; part++) {
            told.accesses.clear();
            for (int read = 0; read < READS / 4; read++) {
                told.read("key-" + popular(), size(read % KEYS));
            }
            List<SampledAccesses> seen = told.batches(1);
            whole.take(seen, 60);
            stored = CurveModel.read(stored.written());
            stored.take(packedAndUnpacked(seen), 60);
        }

        assertThat(stored.curve()).isEqualTo(whole.curve());
        assertThat(stored.written()).isEqualTo(whole.written());
    }

    @Test
    void whatWasDeletedIsAMissAtEverySize() {
        Told told = new Told();
        List<Lru> byEntries = IntStream.rangeClosed(1, 256).mapToObj(size -> new Lru(size, false)).toList();
        for (int read = 0; read < READS; read++) {
            String key = "key-" + popular();
            byEntries.forEach(lru -> lru.read(key, 1));
            told.read(key, 1);
            if (read % 10 == 0) {
                String gone = "key-" + popular();
                byEntries.forEach(lru -> lru.remove(gone));
                told.remove(gone);
            }
        }
        UseModel model = UseModel.empty();
        model.take(told.batches(1), 60);

        // A hole that a deletion leaves in a smaller cache is filled before that cache evicts again, which the distances do not know.
        for (int size = 16; size <= 256; size *= 2) {
            assertThat(model.curve().byEntries().at(size)).as("at %d entries", size)
                    .isCloseTo(byEntries.get(size - 1).hitRate(READS), within(0.01));
        }
    }

    @Test
    void aMissWithoutAPutIsAMissAtEverySize() {
        UseModel model = UseModel.empty();
        Told told = new Told();
        told.read("a", 1);
        told.read("a", 1);
        told.accesses.add(new Access.Counted(NAMESPACE, 0, 2));
        model.take(told.batches(1), 1);

        assertThat(model.curve().accesses()).isEqualTo(4);
        assertThat(model.curve().byEntries().at(1_000_000)).isEqualTo(0.25);
    }

    @Test
    void readsThatAreToldTogetherAreHitsAtAnySize() {
        UseModel model = UseModel.empty();
        Told told = new Told();
        told.read("a", 1);
        told.read("b", 1);
        told.accesses.add(new Access.Used(NAMESPACE, new EntryKey("a"), 3, 1, 1, 6, false));
        model.take(told.batches(1), 1);

        assertThat(model.curve().accesses()).isEqualTo(8);
        assertThat(model.curve().byEntries().at(1)).isEqualTo(5 / 8.0);
        assertThat(model.curve().byEntries().at(2)).isEqualTo(6 / 8.0);
    }

    @Test
    void aModelStaysSmallHoweverManyKeysThereAre() {
        UseModel model = UseModel.empty();
        SampledAccesses.Gathering gathering = new SampledAccesses.Gathering(Sampling.ALL);
        for (int key = 0; key < 200_000; key++) {
            gathering.take(new Access.Used(NAMESPACE, new EntryKey("key-" + key), key + 1, 1L << 50, 1, 0, true));
        }
        model.take(List.of(gathering.taken()), 200_000);

        assertThat(model.curve().sampledKeys()).isEqualTo(UseModel.KEYS_MAX);
        assertThat(model.curve().samplingRate()).isCloseTo(UseModel.KEYS_MAX / 200_000.0, within(0.01));
        assertThat(model.written().length).isLessThan(1 << 19);
    }

    @Test
    void keysThatNobodyAsksForAgainDoNotCrowdOutTheOthers() {
        UseModel model = UseModel.empty();
        long use = 0;
        for (int build = 0; build < 40; build++) {
            SampledAccesses.Gathering gathering = new SampledAccesses.Gathering(Sampling.ALL);
            for (int key = 0; key < 5_000; key++) {
                gathering.take(new Access.Used(NAMESPACE, new EntryKey("build-" + build + "-" + key), ++use, 1, 1, 0, true));
            }
            model.take(List.of(gathering.taken()), 1_000);
        }

        assertThat(model.curve().samplingRate()).isEqualTo(1);
        assertThat(model.curve().sampledKeys()).isEqualTo(UseModel.KEYS_MAX);
    }

    @Test
    void earlierAccessesWeighLess() {
        UseModel model = UseModel.empty();
        Told told = new Told();
        told.read("a", 1);
        model.take(told.batches(1), 1);
        model.age(0.5);
        told.accesses.clear();
        told.read("a", 1);
        model.take(told.batches(1), 1);

        assertThat(model.curve().accesses()).isEqualTo(1.5);
        assertThat(model.curve().byEntries().at(1)).isCloseTo(1 / 1.5, within(1e-9));
    }

    @Test
    void aModelOfSomethingElseIsRefused() {
        assertThat(catchThrowable(() -> CurveModel.read(new byte[]{9, 0, 0}))).hasMessageContaining("curve");
    }
}
