package dev.spillway.artifacts;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dev.spillway.artifacts.Samples.artifact;
import static dev.spillway.artifacts.Samples.fingerprint;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

class DiskArtifactStoreTest extends BoundedStoreContract {
    private static final long SEGMENT = 64 << 10;
    private static final ArtifactLimits WIDE = new ArtifactLimits(100_000, 1 << 30, 10_000);
    private int opened;

    @Override
    DiskArtifactStore open(ArtifactLimits limits) throws IOException {
        return open("store" + opened++, limits);
    }

    private DiskArtifactStore open(String name, ArtifactLimits limits) throws IOException {
        return DiskArtifactStore.open(folder.resolve(name), limits, SEGMENT);
    }

    @Override
    long counted(long size) {
        return SegmentRecord.space(size);
    }

    private static Path segment(Path directory, int index) throws IOException {
        return Segment.list(directory).get(index);
    }

    @Test
    void whatWasStoredIsThereAfterTheNextStart() throws IOException {
        try (DiskArtifactStore store = open("a", WIDE)) {
            for (int i = 0; i < 100; i++) {
                store.put(fingerprint(i), artifact(i, 50 * i));
            }
            store.put(fingerprint(5), artifact(1_005, 77));
            store.remove(fingerprint(6));
        }
        try (DiskArtifactStore store = open("a", WIDE)) {
            assertThat(store.metrics().entries()).isEqualTo(99);
            for (int i = 0; i < 100; i++) {
                Optional<Artifact> expected = i == 6 ? Optional.empty() : Optional.of(i == 5 ? artifact(1_005, 77) : artifact(i, 50 * i));
                assertThat(store.get(fingerprint(i))).isEqualTo(expected);
            }
        }
    }

    @Test
    void limitsCountWhatIsThereAtTheStart() throws IOException {
        try (DiskArtifactStore store = open("a", WIDE)) {
            for (int i = 0; i < 50; i++) {
                store.put(fingerprint(i), artifact(i, 10));
            }
        }
        try (DiskArtifactStore store = open("a", LIMITS)) {
            assertThat(store.metrics().entries()).isEqualTo(20);
            assertThat(store.get(fingerprint(49))).isPresent();
        }
        try (DiskArtifactStore store = open("a", WIDE)) {
            assertThat(store.metrics().entries()).as("what was evicted stays away").isEqualTo(20);
        }
    }

    @Test
    void anIndexThatIsMissingOrDamagedIsNoLoss() throws IOException {
        try (DiskArtifactStore store = open("a", WIDE)) {
            for (int i = 0; i < 60; i++) {
                store.put(fingerprint(i), artifact(i, 5_000));
            }
        }
        List<Path> indexes;
        try (var files = Files.list(folder.resolve("a"))) {
            indexes = files.filter(file -> file.toString().endsWith(SegmentIndex.SUFFIX)).sorted().toList();
        }
        assertThat(indexes).hasSizeGreaterThan(3);
        Files.delete(indexes.get(0));
        flip(indexes.get(1), 50);
        Files.write(indexes.get(2), new byte[]{1});
        try (DiskArtifactStore store = open("a", WIDE)) {
            assertThat(store.metrics().entries()).isEqualTo(60);
            assertThat(store.get(fingerprint(0))).contains(artifact(0, 5_000));
        }
    }

    static void flip(Path file, long offset) throws IOException {
        try (RandomAccessFile random = new RandomAccessFile(file.toFile(), "rw")) {
            random.seek(offset);
            int value = random.read();
            random.seek(offset);
            random.write(value ^ 0x10);
        }
    }

    /** One bit of a record is flipped, anywhere in it, before the start or while the store is open. */
    @Test
    void aDamagedArtifactIsAMissCountedAndRemoved() throws IOException {
        Random random = new Random(5);
        for (int round = 0; round < 256; round++) {
            String name = "damaged" + round;
            DiskArtifactStore store = open(name, WIDE);
            store.put(fingerprint(1), artifact(1, 400));
            store.put(fingerprint(2), artifact(2, 400));
            if (round % 2 == 0) {
                store.close();
                store = open(name, WIDE);
            }
            flip(segment(folder.resolve(name), 0), random.nextLong(SegmentRecord.HEADER + 400));
            assertThat(store.get(fingerprint(1))).isEmpty();
            assertThat(store.get(fingerprint(1))).isEmpty();
            assertThat(store.get(fingerprint(2))).contains(artifact(2, 400));
            assertThat(store.metrics().damaged()).isEqualTo(1);
            assertThat(store.metrics().entries()).isEqualTo(1);
            store.close();
        }
    }

    @Test
    void aFileThatBecameShorterIsAMiss() throws IOException {
        try (DiskArtifactStore store = open("a", WIDE)) {
            store.put(fingerprint(1), artifact(1, 9_000));
            try (RandomAccessFile file = new RandomAccessFile(segment(folder.resolve("a"), 0).toFile(), "rw")) {
                file.setLength(100);
            }
            assertThat(store.get(fingerprint(1))).isEmpty();
            assertThat(store.metrics().damaged()).isEqualTo(1);
        }
    }

    /** The record of one artifact is copied over that of another. */
    @Test
    void aRecordInThePlaceOfAnotherIsNotServed() throws IOException {
        try (DiskArtifactStore store = open("a", WIDE)) {
            store.put(fingerprint(1), artifact(1, 400));
            store.put(fingerprint(2), artifact(2, 400));
            try (RandomAccessFile file = new RandomAccessFile(segment(folder.resolve("a"), 0).toFile(), "rw")) {
                byte[] second = new byte[(int) SegmentRecord.space(400)];
                file.seek(second.length);
                file.readFully(second);
                file.seek(0);
                file.write(second);
            }
            assertThat(store.get(fingerprint(1))).isEmpty();
        }
    }

    @Test
    void itsFilesTakeAQuarterMoreThanTheLimitAndTwoSegmentsAtMost() throws IOException {
        ArtifactLimits limits = new ArtifactLimits(1_000, 400_000, 10_000);
        Random random = new Random(9);
        try (DiskArtifactStore store = open("a", limits)) {
            for (int step = 0; step < 3_000; step++) {
                int number = random.nextInt(300);
                store.put(fingerprint(number), artifact(number, 2_000 + number));
                if (step % 3 == 0) {
                    store.remove(fingerprint(random.nextInt(300)));
                }
                assertThat(Segment.list(folder.resolve("a")).size() * SEGMENT).isLessThanOrEqualTo(400_000 * 5 / 4 + 3 * SEGMENT);
            }
        }
        long entries;
        try (DiskArtifactStore store = open("a", limits)) {
            entries = store.metrics().entries();
            for (int number = 0; number < 300; number++) {
                Artifact right = artifact(number, 2_000 + number);
                assertThat(store.get(fingerprint(number)).orElse(right)).isEqualTo(right);
            }
            assertThat(store.metrics().hits()).isEqualTo(entries).isPositive();
            assertThat(store.metrics().damaged()).isZero();
        }
    }

    /** A removal outlives its segment, for as long as an older segment has what it removes. */
    @Test
    void whatIsRemovedStaysAway() throws IOException {
        ArtifactLimits limits = new ArtifactLimits(1_000, 300_000, 10_000);
        int kept = 25;
        try (DiskArtifactStore store = open("a", limits)) {
            store.put(fingerprint(-1), artifact(-1, 100));
            for (int i = 0; i < kept; i++) {
                store.put(fingerprint(1_000 + i), artifact(i, 2_000));
            }
            for (int i = 0; i < 1_000; i++) {
                if (i == 20) {
                    store.remove(fingerprint(-1));
                }
                store.get(fingerprint(1_000 + i % kept));
                store.put(fingerprint(i % 100), artifact(i, 2_000));
            }
            assertThat(segment(folder.resolve("a"), 0)).as("the segment that has it").endsWithRaw(Path.of("0000000000000000.segment"));
        }
        try (DiskArtifactStore store = open("a", limits)) {
            assertThat(store.get(fingerprint(-1))).isEmpty();
            assertThat(store.get(fingerprint(1_000))).contains(artifact(0, 2_000));
        }
    }

    @Test
    void oneSyncServesAllWhoFlush() throws Exception {
        try (DiskArtifactStore store = open("a", WIDE); ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> ends = new ArrayList<>();
            CyclicBarrier written = new CyclicBarrier(64);
            long before = store.syncs();
            for (int i = 0; i < 64; i++) {
                int number = i;
                ends.add(pool.submit(() -> {
                    store.put(fingerprint(number), artifact(number, 1_000));
                    written.await();
                    store.flush();
                    return null;
                }));
            }
            for (Future<?> end : ends) {
                end.get();
            }
            assertThat(store.metrics().flushes()).isEqualTo(64);
            assertThat(store.syncs() - before).isBetween(1L, 2L);
        }
    }

    @Test
    void aStoreThatIsOpenIsRefused() throws IOException {
        try (DiskArtifactStore _ = open("a", WIDE)) {
            assertThatThrownBy(() -> open("a", WIDE)).isInstanceOf(IOException.class).hasMessageContaining("is in use");
        }
        open("a", WIDE).close();
    }

    /** Closing a second channel of the lock's file would free the lock of the first. */
    @Test
    void aStoreThatWasRefusedHereStaysLockedForOthers() throws Exception {
        try (DiskArtifactStore store = open("killed", WIDE)) {
            assertThatThrownBy(() -> open("killed", WIDE)).isInstanceOf(IOException.class);
            assertThat(start(0).waitFor()).as("another process is refused").isEqualTo(1);
            store.put(fingerprint(1), artifact(1, 10));
        }
    }

    /** Removals alone fill segments while artifacts of the oldest stay in use. */
    @Test
    @Timeout(120)
    void smallChurnBesideWhatStaysInUseComesToAnEnd() throws IOException {
        Random random = new Random(2);
        ArtifactLimits limits = new ArtifactLimits(2_000, 1 << 20, 10_000);
        try (DiskArtifactStore store = open("a", limits)) {
            for (int i = 0; i < 100; i++) {
                store.put(fingerprint(-1 - i), artifact(i, 8_000));
            }
            for (int i = 0; i < 30_000; i++) {
                store.get(fingerprint(-1 - i % 100));
                store.put(fingerprint(i), artifact(i, 1 + random.nextInt(200)));
            }
            assertThat(Segment.list(folder.resolve("a")).size() * SEGMENT).isLessThanOrEqualTo((1 << 20) * 5 / 4 + 3 * SEGMENT);
            assertThat(store.get(fingerprint(-1))).contains(artifact(0, 8_000));
        }
    }

    @Test
    void manyShortRunsLeaveFewSegments() throws IOException {
        for (int run = 0; run < 60; run++) {
            try (DiskArtifactStore store = open("a", LIMITS)) {
                store.put(fingerprint(run % 15), artifact(run, 100));
            }
        }
        assertThat(Segment.list(folder.resolve("a"))).hasSizeLessThan(15);
        try (DiskArtifactStore store = open("a", LIMITS)) {
            for (int run = 45; run < 60; run++) {
                assertThat(store.get(fingerprint(run % 15))).contains(artifact(run, 100));
            }
        }
    }

    /** The content of an artifact is a segment itself, and the artifact is damaged. Its records must not be found. */
    @Test
    void recordsInTheContentOfADamagedRecordAreNotRead() throws IOException {
        try (DiskArtifactStore other = open("other", WIDE)) {
            other.put(fingerprint(1), artifact(1_001, 400));
        }
        byte[] foreign = java.util.Arrays.copyOf(Files.readAllBytes(segment(folder.resolve("other"), 0)), 4_096);
        try (DiskArtifactStore store = open("a", WIDE)) {
            store.put(fingerprint(1), artifact(1, 400));
            store.put(fingerprint(2), Artifact.shared(foreign));
        }
        Files.delete(folder.resolve("a/0000000000000000.index"));
        flip(segment(folder.resolve("a"), 0), SegmentRecord.space(400) + SegmentRecord.HEADER + 4_000);
        try (DiskArtifactStore store = open("a", WIDE)) {
            assertThat(store.get(fingerprint(1))).contains(artifact(1, 400));
            assertThat(store.get(fingerprint(2))).isEmpty();
        }
    }

    /** A crash cuts only the last record off. */
    @Test
    void damageThatIsFoundAtTheStartIsCountedUnlessItIsAtTheEnd() throws IOException {
        try (DiskArtifactStore store = open("a", WIDE)) {
            for (int number = 0; number < 4; number++) {
                store.put(fingerprint(number), artifact(number, 400));
            }
        }
        for (int record : new int[]{1, 3}) {
            Files.deleteIfExists(folder.resolve("a/0000000000000000.index"));
            flip(segment(folder.resolve("a"), 0), record * SegmentRecord.space(400) + SegmentRecord.HEADER + 10);
        }
        try (DiskArtifactStore store = open("a", WIDE)) {
            assertThat(store.metrics().entries()).isEqualTo(2);
            assertThat(store.metrics().damaged()).isEqualTo(1);
        }
    }

    @Test
    void aSymbolicLinkOrADirectoryInThePlaceOfASegmentIsRefused() throws IOException {
        open("a", WIDE).close();
        Path elsewhere = Files.write(folder.resolve("elsewhere"), new byte[100]);
        Path place = folder.resolve("a/%016x.segment".formatted(7));
        Files.createSymbolicLink(place, elsewhere);
        assertThatThrownBy(() -> open("a", WIDE)).isInstanceOf(IOException.class).hasMessageContaining("no regular file");
        Files.delete(place);
        Files.createDirectory(place);
        assertThatThrownBy(() -> open("a", WIDE)).isInstanceOf(IOException.class).hasMessageContaining("no regular file");
    }

    @Test
    void aClosedStoreSaysSo() throws IOException {
        DiskArtifactStore store = open("a", WIDE);
        store.close();
        store.close();
        assertThatThrownBy(() -> store.put(fingerprint(1), artifact(1, 1))).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
    }

    /** An interrupt closes the channel that a thread reads from, for all threads. */
    @Test
    void aReaderThatIsInterruptedReadsAndDisturbsNobody() throws Exception {
        try (DiskArtifactStore store = open("a", WIDE); ExecutorService pool = Executors.newFixedThreadPool(2)) {
            store.put(fingerprint(1), artifact(1, 9_000));
            AtomicBoolean done = new AtomicBoolean();
            Thread interrupted = new Thread(() -> {
                while (!done.get()) {
                    assertThat(get(store)).contains(artifact(1, 9_000));
                }
            });
            AtomicReference<Throwable> failure = new AtomicReference<>();
            interrupted.setUncaughtExceptionHandler((thread, cause) -> failure.set(cause));
            interrupted.start();
            Future<?> other = pool.submit(() -> {
                for (int step = 0; step < 5_000; step++) {
                    assertThat(get(store)).contains(artifact(1, 9_000));
                }
            });
            while (!other.isDone()) {
                interrupted.interrupt();
                Thread.onSpinWait();
            }
            done.set(true);
            interrupted.join();
            other.get();
            assertThat(failure.get()).isNull();
        }
    }

    private static Optional<Artifact> get(DiskArtifactStore store) {
        try {
            return store.get(fingerprint(1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aFullDiskIsAnErrorAndNoLoss() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", disk.toString()) == 0, "skipped: may not mount a file system");
        try {
            int stored = 0;
            try (DiskArtifactStore store = DiskArtifactStore.open(disk.resolve("store"), WIDE, SEGMENT)) {
                while (fits(store, stored)) {
                    stored++;
                }
                assertThat(stored).isBetween(10, 25);
                assertThatThrownBy(() -> store.put(fingerprint(0), artifact(1_000, 9_000))).isInstanceOf(IOException.class);
                assertThat(store.get(fingerprint(0))).as("the older one").contains(artifact(0, 9_000));
                assertThat(store.getOrCompile(fingerprint(-1), () -> artifact(-1, 9_000))).as("compiled in vain otherwise")
                        .isEqualTo(artifact(-1, 9_000));
                store.flush();
            }
            try (DiskArtifactStore store = DiskArtifactStore.open(disk.resolve("store"), WIDE, SEGMENT)) {
                assertThat(store.metrics().entries()).isEqualTo(stored);
                for (int i = 0; i < stored; i++) {
                    assertThat(store.get(fingerprint(i))).contains(artifact(i, 9_000));
                }
            }
        } finally {
            assertThat(run("umount", disk.toString())).isZero();
        }
    }

    private static boolean fits(DiskArtifactStore store, int number) {
        try {
            return store.put(fingerprint(number), artifact(number, 9_000));
        } catch (IOException e) {
            return false;
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectErrorStream(true).start().waitFor();
    }

    /** A process that puts and flushes is killed with kill -9, again and again. */
    @Test
    void whatWasFlushedSurvivesKill() throws Exception {
        Random random = new Random(3);
        int next = 0;
        for (int death = 0; death < 8; death++) {
            int flushed = runAndKill(next, random.nextInt(60));
            try (DiskArtifactStore store = open("killed", WIDE)) {
                for (int number = 0; number <= flushed; number++) {
                    assertThat(store.get(fingerprint(number))).as("artifact %d after death %d", number, death)
                            .contains(artifact(number, size(number)));
                }
                assertThat(store.metrics().damaged()).isZero();
                try (var files = Files.list(folder.resolve("killed"))) {
                    assertThat(files.filter(file -> file.toString().endsWith(".artifact")).count()).as("files of uploads that were cut")
                            .isBetween(flushed / 3L, flushed / 3L + 2);
                }
            }
            next = flushed + 1;
        }
    }

    private static int size(int number) {
        return number * 37 % 9_000;
    }

    private int runAndKill(int first, int flushes) throws IOException, InterruptedException {
        Process process = start(first);
        int flushed = first - 1;
        try (BufferedReader lines = process.inputReader()) {
            int seen = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                flushed = Integer.parseInt(line);
                if (seen++ == flushes) {
                    process.toHandle().destroyForcibly();
                }
            }
        }
        assertThat(process.waitFor()).as("died of SIGKILL").isEqualTo(137);
        return flushed;
    }

    private Process start(int first) throws IOException {
        String java = ProcessHandle.current().info().command().orElseThrow();
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path", ""));
        return new ProcessBuilder(
                java,
                "-Xmx64m",
                "-cp",
                classPath,
                DiskArtifactStoreTest.class.getName(),
                folder.resolve("killed").toString(),
                Integer.toString(first)).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    /** Puts and flushes from a number on, for ever, and prints the number of each flushed artifact. */
    public static void main(String[] arguments) throws IOException {
        try (DiskArtifactStore store = DiskArtifactStore.open(Path.of(arguments[0]), WIDE, SEGMENT)) {
            for (int number = Integer.parseInt(arguments[1]);; number++) {
                if (number % 3 == 0) {
                    try (ArtifactUpload upload = store.upload()) {
                        upload.write(artifact(number, size(number)).toByteArray());
                        store.put(fingerprint(number), upload);
                    }
                } else {
                    store.put(fingerprint(number), artifact(number, size(number)));
                }
                store.flush();
                System.out.println(number);
                System.out.flush();
            }
        }
    }
}
