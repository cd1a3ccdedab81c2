package dev.spillway.artifacts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.artifacts.Samples.artifact;
import static dev.spillway.artifacts.Samples.fingerprint;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Artifacts that arrive in files of their own, and all that are read from their files. */
class LargeArtifactsTest {
    private static final long SEGMENT = 64 << 10;
    private static final ArtifactLimits WIDE = new ArtifactLimits(100_000, 1 << 30, 1 << 20);

    @TempDir
    private Path folder;

    private DiskArtifactStore open() throws IOException {
        return open(WIDE);
    }

    private DiskArtifactStore open(ArtifactLimits limits) throws IOException {
        return DiskArtifactStore.open(folder, limits, SEGMENT);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".artifact")).sorted().toList();
        }
    }

    private static boolean upload(DiskArtifactStore store, int number, Artifact content) throws IOException {
        try (ArtifactUpload upload = store.upload()) {
            byte[] bytes = content.toByteArray();
            for (int from = 0; from < bytes.length; from += 10_000) {
                upload.write(bytes, from, Math.min(10_000, bytes.length - from));
            }
            return store.put(fingerprint(number), upload);
        }
    }

    private static Optional<Artifact> read(DiskArtifactStore store, int number) throws IOException {
        Optional<ArtifactFile> found = store.open(fingerprint(number));
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try (ArtifactFile file = found.get()) {
            return Optional.of(file.toArtifact());
        }
    }

    @Test
    void whatArrivedIsReadInMemoryAndFromItsFileAlsoAfterTheNextStart() throws IOException {
        for (int start = 0; start < 3; start++) {
            try (DiskArtifactStore store = open()) {
                if (start == 0) {
                    for (int size : new int[]{0, 1, 10_000, 300_000}) {
                        assertThat(upload(store, size, artifact(size, size))).isTrue();
                    }
                    store.put(fingerprint(7), artifact(7, 9_000));
                }
                for (int size : new int[]{0, 1, 10_000, 300_000}) {
                    assertThat(store.get(fingerprint(size))).contains(artifact(size, size));
                    assertThat(read(store, size)).contains(artifact(size, size));
                    assertThat(store.sizeOf(fingerprint(size))).hasValue(size);
                }
                assertThat(read(store, 7)).as("from its segment").contains(artifact(7, 9_000));
                assertThat(store.open(fingerprint(8))).isEmpty();
            }
            assertThat(files()).hasSize(4);
        }
    }

    /** Without the lists of segments, which a killed process does not write. */
    @Test
    void puttingAnewRemovingAndEvictingLeaveNoFile() throws IOException {
        try (DiskArtifactStore store = open()) {
            upload(store, 1, artifact(1, 200_000));
            upload(store, 1, artifact(2, 200_000));
            store.put(fingerprint(2), artifact(3, 100));
            upload(store, 2, artifact(4, 50_000));
            upload(store, 3, artifact(5, 50_000));
            store.put(fingerprint(3), artifact(6, 100));
            upload(store, 4, artifact(7, 50_000));
            assertThat(store.remove(fingerprint(4))).isTrue();
            store.flush();
            assertThat(files()).hasSize(2);
            assertThat(store.metrics().cachedBytes())
                    .isEqualTo(250_000 + 2 * SegmentRecord.space(LargeFile.BYTES) + SegmentRecord.space(100));
        }
        try (Stream<Path> all = Files.list(folder)) {
            for (Path list : all.filter(file -> file.toString().endsWith(SegmentIndex.SUFFIX)).toList()) {
                Files.delete(list);
            }
        }
        try (DiskArtifactStore store = open()) {
            assertThat(store.get(fingerprint(1))).contains(artifact(2, 200_000));
            assertThat(store.get(fingerprint(2))).contains(artifact(4, 50_000));
            assertThat(store.get(fingerprint(3))).contains(artifact(6, 100));
            assertThat(store.get(fingerprint(4))).isEmpty();
            assertThat(files()).hasSize(2);
        }
        try (DiskArtifactStore store = open(new ArtifactLimits(100, 100_000, 1 << 20))) {
            assertThat(store.get(fingerprint(1))).as("over the limit").isEmpty();
            assertThat(files()).hasSize(1);
            assertThat(upload(store, 9, artifact(9, 60_000))).isTrue();
            assertThat(files()).hasSize(1);
            assertThat(store.get(fingerprint(2))).as("evicted").isEmpty();
            assertThat(upload(store, 10, artifact(10, 100_000))).as("over the limit of all").isFalse();
            assertThat(files()).hasSize(1);
        }
    }

    /** A newer content may be lost in a crash, and the older one must then be there. */
    @Test
    void aReplacedContentStaysUntilTheNewerOneIsDurable() throws IOException {
        try (DiskArtifactStore store = open()) {
            upload(store, 1, artifact(1, 1_000));
            store.flush();
            upload(store, 1, artifact(2, 1_000));
            assertThat(files()).hasSize(2);
            store.flush();
            assertThat(files()).hasSize(1);
            for (int version = 0; version < 200; version++) {
                upload(store, 1, artifact(version, 1_000));
            }
            assertThat(files().size()).as("without any flush").isLessThan(70);
        }
        assertThat(files()).hasSize(1);
    }

    @Test
    void anUploadThatIsNotPutLeavesNothing() throws IOException {
        try (DiskArtifactStore store = open(new ArtifactLimits(100, 1 << 20, 50_000))) {
            try (ArtifactUpload upload = store.upload()) {
                upload.write(new byte[1_000]);
                assertThat(files()).hasSize(1);
            }
            assertThat(files()).isEmpty();
            assertThat(upload(store, 1, artifact(1, 50_001))).isFalse();
            assertThat(store.metrics().rejectedPuts()).isEqualTo(1);
            assertThat(files()).isEmpty();
            ArtifactUpload cut = store.upload();
            cut.write(new byte[1_000]);
        }
        assertThat(files()).as("a crash in the middle of an upload").hasSize(1);
        try (DiskArtifactStore store = open()) {
            assertThat(files()).isEmpty();
            ArtifactUpload upload = store.upload();
            upload.write(artifact(1, 1_000).toByteArray());
            try (ArtifactFile opened = upload.open()) {
                upload.close();
                assertThat(files()).isEmpty();
                assertThat(opened.toArtifact()).as("still open").isEqualTo(artifact(1, 1_000));
            }
            assertThatThrownBy(() -> store.put(fingerprint(1), upload)).isInstanceOf(IllegalStateException.class);
        }
    }

    /** One bit is flipped anywhere, before the start or while the store is open, in an artifact of its own file or of a segment. */
    @Test
    void aDamagedArtifactIsNeverGivenOut() throws IOException {
        Random random = new Random(11);
        for (int round = 0; round < 256; round++) {
            Path directory = folder.resolve("round" + round);
            DiskArtifactStore store = DiskArtifactStore.open(directory, WIDE, SEGMENT);
            boolean large = round % 2 == 0;
            if (large) {
                upload(store, 1, artifact(1, 5_000));
            } else {
                store.put(fingerprint(1), artifact(1, 5_000));
            }
            upload(store, 2, artifact(2, 5_000));
            if (round % 4 < 2) {
                store.close();
                store = DiskArtifactStore.open(directory, WIDE, SEGMENT);
            }
            assertThat(read(store, 1)).as("warm").contains(artifact(1, 5_000));
            DiskArtifactStoreTest.flip(
                    directory.resolve(large ? "%016x.artifact".formatted(0) : "%016x.segment".formatted(0)),
                    random.nextLong(large ? 5_000 : SegmentRecord.HEADER + 5_000));
            assertThat(store.open(fingerprint(1))).isEmpty();
            assertThat(store.get(fingerprint(1))).isEmpty();
            assertThat(read(store, 2)).contains(artifact(2, 5_000));
            assertThat(store.metrics().damaged()).isEqualTo(1);
            assertThat(store.metrics().entries()).isEqualTo(1);
            store.close();
        }
    }

    @Test
    void aFileThatIsGoneCutLongerOrNoFileIsAMiss() throws Exception {
        DiskArtifactStore store = open();
        for (int number = 0; number < 12; number++) {
            upload(store, number, artifact(number, 5_000));
        }
        for (int turn = 0; turn < 2; turn++) {
            for (int kind = 0; kind < 6; kind++) {
                Path file = folder.resolve("%016x.artifact".formatted(6 * turn + kind));
                switch (kind) {
                    case 0 -> Files.delete(file);
                    case 1 -> Files.write(file, artifact(1, 4_999).toByteArray());
                    case 2 -> Files.write(file, artifact(2, 5_001).toByteArray());
                    case 3 -> {
                        Files.delete(file);
                        Files.createDirectory(file);
                        Files.createFile(file.resolve("of somebody"));
                    }
                    case 4 -> {
                        Files.delete(file);
                        // A pipe: opening it waits for a writer.
                        assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
                    }
                    default -> {
                        Path same = Files.move(file, folder.resolve("moved" + turn));
                        Files.createSymbolicLink(file, same);
                    }
                }
            }
            if (turn == 1) {
                store.close();
                store = open();
            }
            for (int number = 0; number < 6; number++) {
                int one = 6 * turn + number;
                assertThat(read(store, one)).as("artifact %d".formatted(one)).isEmpty();
                assertThat(store.get(fingerprint(one))).isEmpty();
            }
        }
        store.close();
    }

    /** Files change places: each has the right length, and is another's. */
    @Test
    void aFileInThePlaceOfAnotherIsNotServed() throws IOException {
        try (DiskArtifactStore store = open()) {
            upload(store, 1, artifact(1, 5_000));
            upload(store, 2, artifact(2, 5_000));
            Files.move(folder.resolve("%016x.artifact".formatted(0)), folder.resolve("kept"));
            Files.copy(folder.resolve("%016x.artifact".formatted(1)), folder.resolve("%016x.artifact".formatted(0)));
            assertThat(read(store, 1)).isEmpty();
            assertThat(read(store, 2)).contains(artifact(2, 5_000));
        }
    }

    /** An open artifact is read to its end while its segment is emptied, and while it is removed. */
    @Test
    void whatIsOpenIsReadWhateverTheStoreDoes() throws IOException {
        ArtifactLimits limits = new ArtifactLimits(100_000, 400_000, 50_000);
        try (DiskArtifactStore store = open(limits)) {
            store.put(fingerprint(-1), artifact(-1, 40_000));
            upload(store, -2, artifact(-2, 40_000));
            Path segment = Segment.list(folder).getFirst();
            try (ArtifactFile packed = store.open(fingerprint(-1)).orElseThrow();
                    ArtifactFile alone = store.open(fingerprint(-2)).orElseThrow()) {
                for (int number = 0; number < 500; number++) {
                    store.put(fingerprint(number), artifact(number, 5_000));
                }
                assertThat(segment).as("emptied").doesNotExist();
                assertThat(files()).as("evicted").isEmpty();
                assertThat(store.open(fingerprint(-2))).isEmpty();
                assertThat(packed.toArtifact()).isEqualTo(artifact(-1, 40_000));
                assertThat(alone.toArtifact()).isEqualTo(artifact(-2, 40_000));
            }
        }
    }

    /** Compare with a map, over many starts. */
    @Test
    void aRandomSequenceOfActsKeepsWhatAMapKeeps() throws IOException {
        Random random = new Random(17);
        Map<Integer, Artifact> expected = new HashMap<>();
        for (int start = 0; start < 10; start++) {
            try (DiskArtifactStore store = open()) {
                for (int step = 0; step < 150; step++) {
                    int number = random.nextInt(30);
                    Artifact content = artifact(random.nextInt(), random.nextInt(8_000));
                    switch (random.nextInt(4)) {
                        case 0 -> {
                            store.put(fingerprint(number), content);
                            expected.put(number, content);
                        }
                        case 1 -> {
                            upload(store, number, content);
                            expected.put(number, content);
                        }
                        case 2 -> assertThat(store.remove(fingerprint(number))).isEqualTo(expected.remove(number) != null);
                        default -> assertThat(read(store, number)).isEqualTo(Optional.ofNullable(expected.get(number)));
                    }
                }
                store.flush();
                List<Integer> numbers = new ArrayList<>(expected.keySet());
                for (int number : numbers) {
                    assertThat(store.get(fingerprint(number))).contains(expected.get(number));
                }
                assertThat(store.metrics().entries()).isEqualTo(expected.size());
                assertThat(store.metrics().damaged()).isZero();
            }
        }
    }
}
