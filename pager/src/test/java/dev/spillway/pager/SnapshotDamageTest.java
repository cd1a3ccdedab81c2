package dev.spillway.pager;

import dev.spillway.events.ContentDigest;
import dev.spillway.events.InvalidValueException;
import dev.spillway.pager.PagerRefusedException.Reason;
import dev.spillway.pager.SnapshotWriter.Captured;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** Snapshots that are not what was captured, or of another kind, are refused with the reason. */
final class SnapshotDamageTest extends SnapshotFixture {
    @Test
    void whatIsOfAnotherKindIsRefused() throws Exception {
        PagerMeta small = Metas.small();
        List<PagerMeta> others = List.of(
                new PagerMeta(Metas.OTHER_MODEL, small.page(), List.of()),
                Metas.of(DimensionOrder.HND, KeysAndValues.SEPARATE, List.of()),
                Metas.of(DimensionOrder.NHD, KeysAndValues.PACKED, List.of()),
                Metas.hybrid(),
                new PagerMeta(
                        Metas.MODEL,
                        new PageShape(2, 4, 2, 4, ElementType.F32, DimensionOrder.NHD, KeysAndValues.SEPARATE),
                        List.of()),
                new PagerMeta(
                        Metas.MODEL,
                        new PageShape(4, 2, 2, 8, ElementType.F16, DimensionOrder.NHD, KeysAndValues.SEPARATE),
                        List.of()));
        try (PagePool pool = pool(small, 8)) {
            add(pool, "a", 3, 1, 1);
            Snapshot snapshot = capture(pool).snapshot();
            for (PagerMeta other : others) {
                try (PagePool refused = pool(other, 8)) {
                    assertThat(other.page().bytes()).isEqualTo(512);
                    assertRefused(Reason.MISMATCH, "of the snapshot", () -> snapshot.restore(refused, _ -> {}));
                    assertThat(refused.occupiedPages()).isEmpty();
                }
            }
        }
    }

    @Test
    void aManifestThatCannotBeLookedAtIsNotAbsent() throws Exception {
        Path loop = folder.resolve("loop");
        Files.createSymbolicLink(loop, loop);

        assertThatExceptionOfType(FileSystemException.class).isThrownBy(() -> Snapshot.open(loop));

        Path empty = directory();
        assertRefused(Reason.MISMATCH, "has no manifest", () -> Snapshot.open(empty));
        Files.createDirectory(empty.resolve("manifest.json"));
        assertRefused(Reason.MISMATCH, "has no manifest", () -> Snapshot.open(empty));
    }

    @Test
    void aManifestThatIsNullIsDamaged() throws Exception {
        Path directory = directory();
        Files.writeString(directory.resolve("manifest.json"), "null" + " ".repeat(200));

        assertRefused(Reason.DAMAGED, "is null", () -> Snapshot.open(directory));
    }

    @Test
    void aDamagedPageIsNamedAndNothingIsInstalled() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8); PagePool other = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            Path directory = capture(pool).snapshot().directory();
            Path pack = pack(directory);
            byte[] bytes = Files.readAllBytes(pack);
            bytes[bytes.length - 1] ^= 1;
            Files.write(pack, bytes);
            Snapshot damaged = Snapshot.open(directory);

            assertRefused(Reason.DAMAGED, "page 2 of sequence a", () -> damaged.restore(other, _ -> {}));
            assertRefused(Reason.DAMAGED, "page 2 of sequence a", () -> damaged.verify(_ -> {}));

            assertThat(other.sequences()).isEmpty();
            assertThat(other.freePageCount()).isEqualTo(8);
            other.installSequences(List.of(new LogicalSequence("not written yet", other.allocatePages(8), 1)));
            assertThat(capture(other).snapshot().pages()).isEqualTo(8);
        }
    }

    @Test
    void theFirstOfSeveralDamagedPagesIsNamedWhicheverThreadFindsIt() throws Exception {
        try (PagePool pool = pool(Metas.small(), PAGES_OF_SEVERAL_THREADS);
                PagePool other = pool(Metas.small(), PAGES_OF_SEVERAL_THREADS)) {
            add(pool, "a", PAGES_OF_SEVERAL_THREADS, 1, 1);
            Path directory = capture(pool).snapshot().directory();
            Path pack = pack(directory);
            byte[] bytes = Files.readAllBytes(pack);
            for (int page : new int[]{57, 58, 59, 60, 300}) {
                bytes[bytes.length - (PAGES_OF_SEVERAL_THREADS - page) * 512] ^= 1;
            }
            Files.write(pack, bytes);

            for (int time = 0; time < 20; time++) {
                assertRefused(Reason.DAMAGED, "page 57 of sequence a", () -> Snapshot.open(directory).restore(other, _ -> {}));
                assertThat(other.freePageCount()).isEqualTo(PAGES_OF_SEVERAL_THREADS);
            }
        }
    }

    @Test
    void twoValidPagesThatAreSwappedAreRefused() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8); PagePool other = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            Path directory = capture(pool).snapshot().directory();
            Path pack = pack(directory);
            byte[] bytes = Files.readAllBytes(pack);
            byte[] last = java.util.Arrays.copyOfRange(bytes, bytes.length - 512, bytes.length);
            System.arraycopy(bytes, bytes.length - 1024, bytes, bytes.length - 512, 512);
            System.arraycopy(last, 0, bytes, bytes.length - 1024, 512);
            Files.write(pack, bytes);

            assertRefused(Reason.DAMAGED, "page 1 of sequence a", () -> Snapshot.open(directory).restore(other, _ -> {}));
        }
    }

    @Test
    void aRightPageInAWrongPlaceIsRefusedThoughAllChecksumsAreRight() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            Snapshot snapshot = capture(pool).snapshot();
            SnapshotManifest right = snapshot.manifest();
            SnapshotManifest.Sequence a = right.sequences().getFirst();
            List<SnapshotManifest.Page> pages = List.of(right.pages().get(1), right.pages().get(0), right.pages().get(2));
            SnapshotManifest swapped = SnapshotManifest.of(right.meta(), right.packs(), pages, right.sequences());
            SnapshotManifest renamed = SnapshotManifest.of(
                    right.meta(),
                    right.packs(),
                    right.pages(),
                    List.of(new SnapshotManifest.Sequence("b", a.lastPageTokens(), a.pages(), a.checks(), a.states())));
            SnapshotManifest otherModel =
                    SnapshotManifest.of(
                            new PagerMeta(Metas.OTHER_MODEL, right.meta().page(), List.of()),
                            right.packs(),
                            right.pages(),
                            right.sequences());

            assertThat(SnapshotManifest.parse(right.json())).isEqualTo(right);
            for (SnapshotManifest wrong : List.of(swapped, renamed, otherModel)) {
                assertRefused(Reason.DAMAGED, "belongs to another place", () -> SnapshotManifest.parse(wrong.json()));
            }
        }
    }

    @Test
    void manifestsThatCannotBeRightAreRefused() throws Exception {
        try (PagePool pool = pool(Metas.hybrid(), 8)) {
            add(pool, "a", 3, 1, 1);
            SnapshotManifest right = capture(pool).snapshot().manifest();
            SnapshotManifest.Sequence a = right.sequences().getFirst();
            List<SnapshotManifest.Page> pages = right.pages();

            assertWrong(right, pages, sequence(a, 4, a.pages()));
            assertWrong(right, pages, sequence(a, -1, a.pages()));
            assertWrong(right, pages, sequence(a, 1, List.of(0, 1, 1)));
            assertWrong(right, pages, sequence(a, 1, List.of(0, 1)));
            assertWrong(right, pages, new SnapshotManifest.Sequence("a", 1, a.pages(), a.checks(), new TreeMap<>()));
            assertWrong(right, pages, a, a);
            assertWrong(right, List.of(pages.get(0), pages.get(1), new SnapshotManifest.Page(pages.get(2).hash(), 1, 0, null)), a);
            assertWrong(right, List.of(pages.get(0), pages.get(1), new SnapshotManifest.Page(pages.get(2).hash(), 0, -1, null)), a);
            assertWrong(right, Stream.concat(pages.stream(), Stream.of(pages.getFirst())).toList(), a);
        }
    }

    @Test
    void aSequenceThatPointsNowhereIsRefusedThoughTheCheckIsRight() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            String right = new String(capture(pool).snapshot().manifest().json(), StandardCharsets.UTF_8);
            assertThat(right).containsOnlyOnce("[0,1,2]");
            assertThat(SnapshotManifest.parse(withItsCheck(right))).isNotNull();
            for (int nowhere : new int[]{3, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
                byte[] wrong = withItsCheck(right.replace("[0,1,2]", "[0,1," + nowhere + "]"));

                assertRefused(
                        Reason.DAMAGED,
                        "has page %d at position 2 (expected: 0 to 2)".formatted(nowhere),
                        () -> SnapshotManifest.parse(wrong));
            }
            byte[] more = withItsCheck(right.replace("[0,1,2]", "[0,1,2,3]").replaceFirst("(\"checks\":\\[[^]]*)]", "$1,\"00\"]"));
            assertRefused(Reason.DAMAGED, "has page 3 at position 3 (expected: 0 to 2)", () -> SnapshotManifest.parse(more));
        }
    }

    private static byte[] withItsCheck(String manifest) {
        String checked = manifest.substring(0, manifest.lastIndexOf(",\"check\""));
        MessageDigest digest = Sha256.begin();
        digest.update(checked.getBytes(StandardCharsets.UTF_8));
        return "%s,\"check\":\"%s\"}".formatted(checked, Sha256.end(digest)).getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aManifestOfAnotherVersionIsToldFromADamagedOne() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            String json = new String(capture(pool).snapshot().manifest().json(), StandardCharsets.UTF_8);
            for (String other : List.of(
                    json.replace("\"version\":2", "\"version\":3"),
                    json.replace("\"version\":2", "\"version\":3,\"more\":true"))) {
                assertRefused(
                        Reason.MISMATCH,
                        "version 3 (expected: 1 to 2)",
                        () -> SnapshotManifest.parse(other.getBytes(StandardCharsets.UTF_8)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsDamagedInMemoryAfterARestoreIsFoundWhetherOrNotTheManifestHasChecks(boolean hasChecks) throws Exception {
        Path file = folder.resolve("restored");
        try (PagePool pool = pool(Metas.hybrid(), 8); PagePool restored = PagePool.inFile(Metas.hybrid(), Metas.size(8), file)) {
            add(pool, "a", 3, 1, 1);
            Path directory = capture(pool).snapshot().directory();
            Path manifest = directory.resolve(SnapshotManifest.FILE);
            assertThat(Files.readString(manifest)).as("checks of 3 pages and 2 states")
                    .containsPattern("(?s)(.*\"crc\":\"[0-9a-f]{32}\"){" + (3 + Metas.hybrid().states().size()) + "}");
            if (!hasChecks) {
                String json = Files.readString(manifest);
                Files.write(
                        manifest,
                        withItsCheck(json.replace("\"version\":2", "\"version\":1").replaceAll(",\"crc\":\"[0-9a-f]{32}\"", "")));
            }
            int page = Snapshot.open(directory).restore(restored, _ -> {}).getFirst().pages().get(1);
            assertThat(CachePagerContract.read(restored, page)).isEqualTo(random(pool.meta().page().bytes(), 1_001));

            PageFileLayout layout = new PageFileLayout(Metas.hybrid(), 8, Metas.size(8).sequences(), Metas.size(8).saves());
            try (FileChannel memory = FileChannel.open(file, StandardOpenOption.WRITE)) {
                memory.write(ByteBuffer.wrap(new byte[1]), layout.pageRegion().offsetOf(page));
            }
            assertRefused(Reason.MEMORY_DAMAGED, "slot " + page, () -> CachePagerContract.read(restored, page));
        }
    }

    @Test
    void aWrongCheckInAManifestDoesNotPassForAContent() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8); PagePool restored = pool(Metas.small(), 8)) {
            add(pool, "a", 1, 1, 1);
            Path directory = capture(pool).snapshot().directory();
            Path manifest = directory.resolve(SnapshotManifest.FILE);
            String json = Files.readString(manifest);

            for (String crc : List.of("ABC", "", "0".repeat(31))) {
                String bad = json.replaceFirst("\"crc\":\"[0-9a-f]{32}\"", "\"crc\":\"" + crc + "\"");
                assertRefused(Reason.DAMAGED, "points nowhere", () -> SnapshotManifest.parse(withItsCheck(bad)));
            }
            Files.write(manifest, withItsCheck(json.replaceFirst("\"crc\":\"[0-9a-f]{32}\"", "\"crc\":\"" + "0".repeat(32) + "\"")));
            int page = Snapshot.open(directory).restore(restored, _ -> {}).getFirst().pages().getFirst();
            assertRefused(Reason.MEMORY_DAMAGED, "slot " + page, () -> CachePagerContract.read(restored, page));
            assertRefused(Reason.DAMAGED, "page 0 of sequence a", () -> Snapshot.open(directory).verify(_ -> {}));
        }
    }

    @Test
    void aPackedContentWithAWrongCheckIsWrittenAnew() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8)) {
            add(pool, "a", 1, 1, 1);
            Path manifest = capture(pool).snapshot().directory().resolve(SnapshotManifest.FILE);
            Files.write(
                    manifest,
                    withItsCheck(
                            Files.readString(manifest).replaceFirst("\"crc\":\"[0-9a-f]{32}\"", "\"crc\":\"" + "0".repeat(32) + "\"")));
        }
        Packs known = new Packs();
        known.add(Snapshot.open(folder.resolve("snapshot-1")));
        try (PagePool pool = pool(Metas.small(), 8); PagePool restored = pool(Metas.small(), 8)) {
            add(pool, "a", 1, 1, 1);
            Captured captured = SnapshotWriter.capture(pool, directory(), known, _ -> {});

            assertThat(captured.pagesWritten()).isOne();
            captured.snapshot().restore(restored, _ -> {});
            assertThat(seen(restored)).isEqualTo(seen(pool));
        }
    }

    private static SnapshotManifest.Sequence sequence(SnapshotManifest.Sequence a, int lastPageTokens, List<Integer> pages) {
        return new SnapshotManifest.Sequence(a.id(), lastPageTokens, pages, a.checks(), a.states());
    }

    private static void assertWrong(SnapshotManifest right, List<SnapshotManifest.Page> pages, SnapshotManifest.Sequence... sequences) {
        SnapshotManifest wrong = SnapshotManifest.of(right.meta(), right.packs(), pages, List.of(sequences));
        assertRefused(Reason.DAMAGED, "manifest: ", () -> SnapshotManifest.parse(wrong.json()));
    }

    @Test
    void noFlippedBitAndNoCutOfAManifestIsRead() throws Exception {
        try (PagePool pool = pool(Metas.hybrid(), 8)) {
            add(pool, "a", 3, 1, 1);
            byte[] json = capture(pool).snapshot().manifest().json();
            for (int cut = 0; cut < json.length; cut += 7) {
                byte[] shorter = java.util.Arrays.copyOf(json, cut);
                assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(() -> SnapshotManifest.parse(shorter));
            }
            Random random = new Random(5);
            for (int round = 0; round < 2000; round++) {
                byte[] flipped = json.clone();
                flipped[random.nextInt(json.length)] ^= (byte) (1 << random.nextInt(8));
                assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(() -> SnapshotManifest.parse(flipped));
            }
        }
    }

    @Test
    void noRandomChangeOfAPacksHeaderIsServedAsTheSnapshot() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8); PagePool other = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            Map<String, List<Object>> before = seen(pool);
            Path directory = capture(pool).snapshot().directory();
            Path pack = pack(directory);
            byte[] right = Files.readAllBytes(pack);
            int header = right.length - 3 * 512;
            Random random = new Random(6);
            int refused = 0;
            for (int round = 0; round < 3_000; round++) {
                byte[] wrong = right.clone();
                // Most of the header is room, so half of the changes hit what says something.
                int at = random.nextBoolean() ? random.nextInt(500) : random.nextInt(header);
                wrong[at] ^= (byte) (1 + random.nextInt(255));
                Files.write(pack, wrong);
                try {
                    Snapshot.open(directory).restore(other, _ -> {});
                    assertThat(seen(other)).isEqualTo(before);
                    other.removeSequence("a");
                } catch (PagerRefusedException e) {
                    refused++;
                    assertThat(e.reason()).isEqualTo(Reason.DAMAGED);
                }
                assertThat(other.freePageCount()).isEqualTo(8);
            }
            assertThat(refused).isGreaterThan(600);
        }
    }

    @Test
    void aPackThatIsCutOffLongerMissingOrALinkIsRefused() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8); PagePool other = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            Path directory = capture(pool).snapshot().directory();
            Path pack = pack(directory);
            byte[] right = Files.readAllBytes(pack);
            for (int length : new int[]{0, 7, 8, 100, right.length - 512, right.length - 1}) {
                Files.write(pack, java.util.Arrays.copyOf(right, length));
                assertRefused(Reason.DAMAGED, "page 0 of sequence a: pack ", () -> Snapshot.open(directory).restore(other, _ -> {}));
            }
            Files.write(pack, java.util.Arrays.copyOf(right, right.length + 1));
            assertRefused(Reason.DAMAGED, "page 0 of sequence a: pack ", () -> Snapshot.open(directory).restore(other, _ -> {}));
            Files.delete(pack);
            assertRefused(Reason.DAMAGED, "is missing", () -> Snapshot.open(directory).restore(other, _ -> {}));
            assertRefused(Reason.DAMAGED, "page 0 of sequence a: pack ", () -> Snapshot.open(directory).verify(_ -> {}));
            Files.createSymbolicLink(pack, Files.write(folder.resolve("right"), right));
            assertRefused(Reason.DAMAGED, "is no regular file", () -> Snapshot.open(directory).restore(other, _ -> {}));
            assertRefused(Reason.DAMAGED, "is no regular file", () -> Snapshot.open(directory).verify(_ -> {}));
            assertThat(other.freePageCount()).isEqualTo(8);

            Captured second = capture(pool);

            assertThat(second.pagesWritten()).isEqualTo(3);
            assertThat(Files.isRegularFile(pack(second.snapshot().directory()), LinkOption.NOFOLLOW_LINKS)).isTrue();
            second.snapshot().restore(other, _ -> {});
            Path manifest = directory.resolve("manifest.json");
            Files.move(manifest, folder.resolve("manifest"));
            Files.createSymbolicLink(manifest, folder.resolve("manifest"));
            assertRefused(Reason.MISMATCH, "has no manifest", () -> Snapshot.open(directory));
        }
    }

    @Test
    void aPackIsReadByTheRulesOfSafetensorsAlone() throws Exception {
        try (PagePool pool = pool(Metas.small(), 8)) {
            add(pool, "a", 3, 1, 1);
            byte[] bytes = Files.readAllBytes(pack(capture(pool).snapshot().directory()));
            ByteBuffer file = ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
            int header = Math.toIntExact(file.getLong(0));
            var json = new com.fasterxml.jackson.databind.ObjectMapper()
                    .readTree(new String(bytes, 8, header, StandardCharsets.UTF_8));
            int end = 0;
            for (int at = 0; at < 3; at++) {
                var tensor = json.get(Integer.toString(at));
                assertThat(tensor.get("dtype").asText()).isEqualTo("F32");
                assertThat(tensor.get("shape").toString()).isEqualTo("[2,2,4,2,4]");
                assertThat(tensor.get("data_offsets").get(0).asInt()).isEqualTo(end);
                end = tensor.get("data_offsets").get(1).asInt();
            }
            assertThat(json.get("__metadata__").properties()).allMatch(entry -> entry.getValue().isTextual());
            assertThat(bytes[8]).isEqualTo((byte) '{');
            assertThat(8 + header + end).isEqualTo(bytes.length);
        }
    }

    @Test
    void aModelThatIsUnknownEqualsNothing() {
        assertThatExceptionOfType(InvalidValueException.class)
                .isThrownBy(() -> new PagerMeta(new ContentDigest("0".repeat(64)), Metas.small().page(), List.of()));
    }
}
