package dev.spillway.coordinator.curve;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.trail.Access;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import java.util.function.LongToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** The model beside caches that are run for each size. */
class GdsfModelTest {
    private static final NamespaceName NAMESPACE = new NamespaceName("images");
    private static final int KEYS = 300;
    private static final int READS = 20_000;
    private static final double ERROR_MAX = 0.02;

    private final RandomGenerator random = new SplittableRandom(7);

    private static final class Entry {
        private final String key;
        private long size;
        private long uses;
        private double priority;
        private long lastUse;

        Entry(String key) {
            this.key = key;
        }
    }

    /** GDSF as it is defined. */
    private static final class Gdsf {
        private final long most;
        private final boolean inBytes;
        private final List<Entry> entries = new ArrayList<>();
        private double inflation;
        private long use;
        private long hits;

        Gdsf(long most, boolean inBytes) {
            this.most = most;
            this.inBytes = inBytes;
        }

        @Nullable
        Entry find(String key) {
            return entries.stream().filter(entry -> entry.key.equals(key)).findFirst().orElse(null);
        }

        private long amount(long size) {
            return inBytes ? size : 1;
        }

        /** Reads a key so many times, and puts it after a miss. */
        void read(String key, long size, double cost, long reads) {
            Entry entry = find(key);
            hits += entry == null ? 0 : 1;
            if (entry == null || entry.size != size) {
                entries.remove(entry);
                if (amount(size) > most) {
                    return;
                }
                entry = new Entry(key);
                entry.size = size;
            }
            hits += reads - 1;
            entry.uses += reads;
            entry.priority = inflation + entry.uses * cost / Math.max(1, size);
            entry.lastUse = ++use;
            entries.remove(entry);
            while (entries.stream().mapToLong(other -> amount(other.size)).sum() + amount(size) > most) {
                Entry victim = entries.getFirst();
                for (Entry other : entries) {
                    if (other.priority < victim.priority || other.priority == victim.priority && other.lastUse < victim.lastUse) {
                        victim = other;
                    }
                }
                entries.remove(victim);
                inflation = Math.max(inflation, victim.priority);
            }
            entries.add(entry);
        }

        void remove(String key) {
            entries.remove(find(key));
        }
    }

    /** The accesses that a registry tells of, whose namespace has room for 60 entries now. */
    private static final class Told {
        private final Gdsf present = new Gdsf(60, false);
        private List<Access> accesses = new ArrayList<>();
        private long use;
        private long reads;

        void read(String key, long size, double cost, long reads) {
            boolean isNew = present.find(key) == null;
            present.read(key, size, cost, reads);
            used(key, size, cost, isNew ? 0 : reads, isNew);
            if (isNew && reads > 1) {
                throw new IllegalArgumentException("reads at once: " + reads + " (expected: 1 of a key that names no entry)");
            }
            this.reads += reads;
        }

        void used(String key, long size, double cost, long hits, boolean isNew) {
            accesses.add(new Access.Used(NAMESPACE, new EntryKey(key), ++use, size, cost, hits, isNew));
        }

        void remove(String key) {
            present.remove(key);
            accesses.add(new Access.Removed(NAMESPACE, new EntryKey(key), use));
        }

        /** Returns what was told since the last time. */
        List<SampledAccesses> batch(long threshold) {
            SampledAccesses.Gathering gathering = new SampledAccesses.Gathering(threshold);
            accesses.forEach(gathering::take);
            accesses = new ArrayList<>();
            return List.of(gathering.taken());
        }
    }

    /** The sizes that are simulated: two for each power of two. */
    private static LongStream grid() {
        return LongStream.rangeClosed(0, 50).flatMap(power -> LongStream.of(1L << power, (1L << power) + (1L << power) / 2)).distinct();
    }

    /** Sizes over four powers of ten, all as likely by their logarithm. */
    private static long size(int key) {
        return (long) (1_000 * Math.pow(10, 4 * new SplittableRandom(key).nextDouble()));
    }

    private static double cost(int key) {
        return Math.pow(10, 3 * new SplittableRandom(-key - 1).nextDouble());
    }

    private int popular() {
        return (int) (KEYS * Math.pow(random.nextDouble(), 3));
    }

    private static double rate(Gdsf cache, long reads) {
        return (double) cache.hits / reads;
    }

    @Test
    void everySimulatedSizeHasTheHitRateOfACacheOfThatSizeWhereAllKeysAreFollowed() {
        List<Gdsf> byEntries = grid().filter(size -> size <= KEYS).mapToObj(size -> new Gdsf(size, false)).toList();
        long all = IntStream.range(0, KEYS).mapToLong(GdsfModelTest::size).sum();
        // The smallest ones go when larger ones come.
        List<Gdsf> byBytes = grid().filter(size -> size <= all && size > all / 500).mapToObj(size -> new Gdsf(size, true)).toList();
        Told told = new Told();
        for (int read = 0; read < READS; read++) {
            int number = popular();
            String key = "key-" + number;
            // Some keys get another size now and then.
            long size = size(number) + (number % 10 == 0 ? told.use / 1_000 : 0);
            long reads = told.present.find(key) != null && read % 7 == 0 ? 3 : 1;
            byEntries.forEach(cache -> cache.read(key, size, cost(number), reads));
            byBytes.forEach(cache -> cache.read(key, size, cost(number), reads));
            told.read(key, size, cost(number), reads);
            if (read % 50 == 0) {
                String gone = "key-" + popular();
                byEntries.forEach(cache -> cache.remove(gone));
                byBytes.forEach(cache -> cache.remove(gone));
                told.remove(gone);
            }
        }
        GdsfModel model = GdsfModel.empty();
        model.take(told.batch(Sampling.ALL), 60);

        HitRateCurve curve = model.curve();
        assertThat(curve.accesses()).isEqualTo((double) told.reads);
        assertThat(curve.samplingRate()).isEqualTo(1);
        assertThat(byBytes).hasSizeGreaterThan(15);
        assertHitRates(byEntries, curve.byEntries(), told.reads);
        assertHitRates(byBytes, curve.byBytes(), told.reads);
    }

    /** A larger cache may have fewer hits. The curve stays level there. */
    private static void assertHitRates(List<Gdsf> caches, HitRateCurve.Line line, long reads) {
        double highest = 0;
        for (Gdsf cache : caches) {
            highest = Math.max(highest, rate(cache, reads));
            assertThat(line.at(cache.most)).as("at %d", cache.most).isCloseTo(highest, within(1e-9));
        }
    }

    private static IntUnaryOperator zipf(int keys, double exponent, long seed) {
        RandomGenerator random = new SplittableRandom(seed);
        double[] upTo = new double[keys];
        double sum = 0;
        for (int rank = 0; rank < keys; rank++) {
            sum += Math.pow(rank + 1, -exponent);
            upTo[rank] = sum;
        }
        double whole = sum;
        return read -> {
            int found = java.util.Arrays.binarySearch(upTo, random.nextDouble(whole));
            return Math.min(keys - 1, found < 0 ? -found - 1 : found);
        };
    }

    /** The larger model, which follows all keys, is the one that the other tests compare with real caches. */
    private static void assertSampledCurveIsClose(String trace, IntUnaryOperator keys) {
        GdsfModel sampled = GdsfModel.empty();
        GdsfModel whole = new GdsfModel(Sampling.ALL, Integer.MAX_VALUE, Integer.MAX_VALUE);
        Told told = new Told();
        java.util.BitSet known = new java.util.BitSet();
        for (int read = 0; read < 200_000; read++) {
            int key = keys.applyAsInt(read);
            boolean isNew = !known.get(key);
            known.set(key);
            told.used("key-" + key, size(key), cost(key), isNew ? 0 : 1, isNew);
            if (read % 20_000 == 19_999) {
                List<SampledAccesses> batch = told.batch(Sampling.ALL);
                sampled.take(batch, known.cardinality());
                whole.take(batch, known.cardinality());
            }
        }
        assertThat(sampled.curve().samplingRate()).as(trace).isLessThan(0.5);
        assertThat(sampled.curve().sampledKeys()).as(trace).isLessThanOrEqualTo(GdsfModel.KEYS_MAX);
        long bytes = known.stream().mapToLong(GdsfModelTest::size).sum();
        assertThat(error(known.cardinality(), sampled.curve().byEntries()::at, whole.curve().byEntries()::at)).as("%s, entries", trace)
                .isLessThan(ERROR_MAX);
        assertThat(error(bytes, sampled.curve().byBytes()::at, whole.curve().byBytes()::at)).as("%s, bytes", trace).isLessThan(ERROR_MAX);
    }

    private static double error(long most, LongToDoubleFunction one, LongToDoubleFunction other) {
        return LongStream.rangeClosed(1, 100)
                .map(share -> most / 100 * share)
                .mapToDouble(size -> Math.abs(one.applyAsDouble(size) - other.applyAsDouble(size)))
                .average()
                .orElseThrow();
    }

    @Test
    @Tag("full")
    void theCurveOfASampleIsCloseToThatOfAllKeys() {
        IntUnaryOperator popular = zipf(40_000, 0.9, 5);
        assertSampledCurveIsClose("Zipf 0.7", zipf(40_000, 0.7, 4));
        assertSampledCurveIsClose(
                "Zipf 0.9 with scans",
                read -> read % 10_000 < 1_000 ? 40_000 + read / 10_000 * 1_000 + read % 1_000 : popular.applyAsInt(read));
        assertSampledCurveIsClose("a loop", read -> read % 30_000);
    }

    @Test
    void aModelThatIsWrittenAndReadGoesOnAsItWas() {
        Told told = new Told();
        GdsfModel whole = new GdsfModel(Sampling.ALL);
        CurveModel stored = GdsfModel.empty();
        for (int part = 0; part < 4; part++) {
            for (int read = 0; read < READS; read++) {
                int key = popular() + random.nextInt(10_000);
                told.read("key-" + key, size(key), cost(key), 1);
            }
            List<SampledAccesses> seen = told.batch(whole.threshold());
            whole.take(seen, 20_000);
            stored = CurveModel.read(stored.written());
            stored.take(UseModelTest.packedAndUnpacked(seen), 20_000);
        }

        assertThat(whole.threshold()).as("keys are left out").isLessThan(Sampling.ALL);
        assertThat(stored.curve()).isEqualTo(whole.curve());
        assertThat(stored.written()).isEqualTo(whole.written());
    }

    /** Beside one huge entry, all caches over bytes hold all other keys. */
    @Test
    void aModelStaysSmallHoweverManyPlacesItsKeysHave() {
        GdsfModel model = GdsfModel.empty();
        Told told = new Told();
        for (int key = 0; key < 20_000; key++) {
            told.used("key-" + key, 1, 1, 0, true);
        }
        told.used("huge", 1L << 45, 1, 0, true);
        for (int key = 0; key < 20_000; key++) {
            told.used("key-" + key, 1, 1, 1, false);
        }
        model.take(told.batch(Sampling.ALL), 20_000);

        assertThat(model.written().length).isGreaterThan(GdsfModel.BYTES_MAX / 2).isLessThanOrEqualTo(GdsfModel.BYTES_MAX);
    }

    /** The bound holds by its parts, whatever shares they have. */
    @Test
    void theBoundOfPlacesLeavesRoomForTheKeysAndTheCaches() {
        GdsfModel model = new GdsfModel(Sampling.ALL);
        Told told = new Told();
        for (int key = 0; key < 50_000; key++) {
            told.used("key-" + key, size(key), cost(key), 0, true);
        }
        model.take(told.batch(Sampling.ALL), 50_000);

        assertThat(model.written().length).isLessThanOrEqualTo(GdsfModel.BYTES_MAX);
        assertThat(model.curve().samplingRate()).isCloseTo(model.keys() / 50_000.0, within(0.01));
    }

    @Test
    void keysThatNobodyAsksForAgainDoNotCrowdOutTheOthers() {
        GdsfModel model = GdsfModel.empty();
        Told told = new Told();
        for (int build = 0; build < 40; build++) {
            for (int key = 0; key < 5_000; key++) {
                told.used("build-" + build + "-" + key, 1, 1, 0, true);
            }
            model.take(told.batch(Sampling.ALL), 500);
        }

        assertThat(model.curve().samplingRate()).isEqualTo(1);
        assertThat(model.curve().sampledKeys()).isLessThanOrEqualTo(GdsfModel.KEYS_MAX);
    }

    @Test
    void aHitOnAnEntryFromBeforeTheFirstSampleIsOneWhereThereIsRoom() {
        GdsfModel model = GdsfModel.empty();
        Told told = new Told();
        told.used("a", 1, 1, 1, false);
        told.used("b", 1, 1, 1, false);
        model.take(told.batch(Sampling.ALL), 2);

        assertThat(model.curve().byEntries().at(1)).isEqualTo(0.5);
        assertThat(model.curve().byEntries().at(2)).isEqualTo(1);
    }

    @Test
    void putsAgainAreNoAccesses() {
        GdsfModel model = GdsfModel.empty();
        Told told = new Told();
        told.used("a", 1, 1, 0, true);
        told.used("a", 1, 1, 0, false);
        told.used("a", 1, 1, 1, false);
        model.take(told.batch(Sampling.ALL), 2);

        assertThat(model.curve().accesses()).isEqualTo(2);
        assertThat(model.curve().byEntries().at(1)).isEqualTo(0.5);
    }

    @Test
    void earlierAccessesWeighLess() {
        GdsfModel model = GdsfModel.empty();
        Told told = new Told();
        told.read("a", 1, 1, 1);
        model.take(told.batch(Sampling.ALL), 1);
        model.age(0.5);
        told.read("a", 1, 1, 1);
        model.take(told.batch(Sampling.ALL), 1);
        model.age(0.5);

        assertThat(model.curve().accesses()).isEqualTo(0.75);
        assertThat(model.curve().byEntries().at(1)).isCloseTo(1 / 1.5, within(1e-9));
    }

    @Test
    void anotherPolicysModelIsEmptyAndSamplesTheSameKeys() {
        GdsfModel model = GdsfModel.empty();
        Told told = new Told();
        told.read("a", 1, 1, 1);
        model.take(told.batch(1L << 62), 1);

        assertThat(model.as(EvictionPolicy.GDSF)).isSameAs(model);
        CurveModel other = model.as(EvictionPolicy.LRU);
        assertThat(other.policy()).isEqualTo(EvictionPolicy.LRU);
        assertThat(other.threshold()).isEqualTo(1L << 62);
        assertThat(other.curve().accesses()).isZero();
    }

    @Test
    void costsOfOneAreNotPacked() {
        Told told = new Told();
        told.used("a", 1, 1, 0, true);
        assertThat(told.batch(Sampling.ALL).getFirst().packedCosts()).isNull();
        told.used("a", 1, 1, 0, true);
        told.used("b", 1, 2.5, 0, true);
        SampledAccesses seen = told.batch(Sampling.ALL).getFirst();
        assertThat(SampledAccesses.unpacked(seen.packed(), seen.packedCosts())).isEqualTo(seen.samples());
        assertThat(SampledAccesses.unpacked(seen.packed(), null)).extracting(SampledAccesses.Sample::cost).containsExactly(1.0, 1.0);
    }
}
