package dev.spillway.examples.cleaner;

import dev.spillway.events.SnapshotId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests the required behaviour of a cleaner in any language. Each test has a namespace, a folder and a consumer group of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CleanerContract {
    @TempDir
    private Path outputs;

    private Registry registry;

    @BeforeAll
    final void startRegistry() throws Exception {
        registry = new Registry();
    }

    @AfterAll
    final void stopRegistry() {
        registry.close();
    }

    abstract List<String> command(String kafka, String registryUrl, String namespace, Path folder, String group);

    @Test
    void theImageOfEachEvictedEntryGoesAndTheOthersStay(@TempDir Path folder) throws Exception {
        registry.namespace("plain", 2);
        for (String each : List.of("one", "two", "three", "four")) {
            image(folder, "snapshot-" + each);
            registry.put("plain", each, "snapshot-" + each);
        }
        image(folder, "made-but-not-yet-named");
        try (CleanerProcess cleaner = start("plain", folder)) {
            settled(cleaner, "plain");
            assertOnlyImages(folder, "snapshot-three", "snapshot-four", "made-but-not-yet-named");
            registry.delete("plain", "four");
            registry.facts("plain", 3);
            settled(cleaner, "plain");
            assertOnlyImages(folder, "snapshot-three", "made-but-not-yet-named");
        }
    }

    @Test
    void anImageThatSeveralEntriesNameGoesWithTheLast(@TempDir Path folder) throws Exception {
        registry.namespace("shared", 9);
        image(folder, "both");
        registry.put("shared", "a", "both");
        registry.put("shared", "b", "both");
        registry.delete("shared", "a");
        registry.facts("shared", 1);
        try (CleanerProcess cleaner = start("shared", folder)) {
            settled(cleaner, "shared");
            assertOnlyImages(folder, "both");
            registry.delete("shared", "b");
            registry.facts("shared", 2);
            settled(cleaner, "shared");
            assertOnlyImages(folder);
        }
    }

    @Test
    void aFactThatComesLateOrTwiceDeletesNothingThatWasPutAgain(@TempDir Path folder) throws Exception {
        registry.namespace("late", 9);
        image(folder, "again");
        registry.put("late", "a", "again");
        registry.delete("late", "a");
        ConsumerRecord<byte[], byte[]> older = registry.facts("late", 1).getFirst();
        try (CleanerProcess cleaner = start("late", folder)) {
            settled(cleaner, "late");
            assertOnlyImages(folder);

            image(folder, "again");
            registry.put("late", "b", "again");
            registry.tell(older);
            registry.tell(older);
            settled(cleaner, "late");
            assertOnlyImages(folder, "again");

            // Sends the newer fact and then the older one again. The newest decision counts, whatever the order of the facts.
            registry.delete("late", "b");
            registry.facts("late", 4);
            registry.tell(older);
            settled(cleaner, "late");
            assertOnlyImages(folder);
        }
    }

    @Test
    void anImageThatIsNamedWhileItIsBeingDeletedComesBackWhole(@TempDir Path folder) throws Exception {
        registry.namespace("race", 9);
        image(folder, "wanted");
        registry.put("race", "a", "wanted");
        registry.delete("race", "a");
        registry.facts("race", 1);
        try (RegistryDoor door = new RegistryDoor(registry.url(), 2); CleanerProcess cleaner = start("race", folder, door.url())) {
            door.awaitHeld();
            assertOnlyImages(folder);
            registry.put("race", "b", "wanted");
            door.open();
            settled(cleaner, "race");
            assertOnlyImages(folder, "wanted");
        }
    }

    @Test
    void killedInTheMiddleOfADeletionItGoesOn(@TempDir Path folder) throws Exception {
        registry.namespace("killed", 9);
        for (String each : List.of("gone", "wanted")) {
            image(folder, each);
            registry.put("killed", each, each);
            registry.delete("killed", each);
        }
        registry.facts("killed", 2);
        try (RegistryDoor door = new RegistryDoor(registry.url(), 2); CleanerProcess cleaner = start("killed", folder, door.url())) {
            door.awaitHeld();
            assertOnlyImages(folder);
            cleaner.kill();
        }
        registry.put("killed", "again", "wanted");
        // Simulates a kill during an unlink, and a fact that Kafka has dropped meanwhile.
        Files.move(image(folder, "forgotten"), folder.resolve("leaving").resolve(ImageFolder.fileName(new SnapshotId("forgotten"))));
        Files.createDirectories(folder.resolve("gone").resolve("half").resolve("unlinked"));
        try (CleanerProcess cleaner = start("killed", folder)) {
            settled(cleaner, "killed");
            assertOnlyImages(folder, "wanted");
            assertThat(children(folder.resolve("gone"))).isEmpty();
            assertThat(children(folder.resolve("leaving"))).isEmpty();
        }
    }

    @Test
    void itsPlaceMovesOnlyBehindWhatItDeletedAndWithoutARegistryItKeeps(@TempDir Path folder) throws Exception {
        registry.namespace("kept", 9);
        image(folder, "old");
        registry.put("kept", "a", "old");
        registry.delete("kept", "a");
        registry.facts("kept", 1);
        try (CleanerProcess cleaner = start("kept", folder, "http://127.0.0.1:1")) {
            assertThat(cleaner.awaitEnd()).as(cleaner.text()).isEqualTo(1);
            assertOnlyImages(folder, "old");
        }
        // Facts of another namespace are not its business.
        try (CleanerProcess cleaner = start("unknown", folder, registry.url(), "kept-" + getClass().getSimpleName())) {
            settledAs(cleaner, "kept-" + getClass().getSimpleName());
            assertOnlyImages(folder, "old");
        }
        // An answer that is no list is no permission.
        try (CleanerProcess cleaner = start("kept", folder, registry.url() + "/nothing/here", "kept-third-" + getClass().getSimpleName())) {
            assertThat(cleaner.awaitEnd()).as(cleaner.text()).isEqualTo(1);
            assertOnlyImages(folder, "old");
        }
        try (CleanerProcess cleaner = start("kept", folder, registry.url(), "kept-third-" + getClass().getSimpleName())) {
            settledAs(cleaner, "kept-third-" + getClass().getSimpleName());
            assertOnlyImages(folder);
        }
    }

    @Test
    void noSnapshotIdLeadsOutOfTheFolder(@TempDir Path scratch) throws Exception {
        Path folder = Files.createDirectories(scratch.resolve("folder"));
        Path outside = Files.writeString(Files.createDirectories(scratch.resolve("outside")).resolve("file"), "precious");
        registry.namespace("hostile", 9);
        List<String> hostile = List.of("..", ".", "../../outside", outside.toString(), "a/b\nc\" $(rm -r .)", "ü".repeat(256), "-rf *");
        for (String each : hostile) {
            Path image = image(folder, each);
            Files.createSymbolicLink(image.resolve("link"), outside.getParent());
            registry.put("hostile", "key-" + hostile.indexOf(each), each);
            registry.delete("hostile", "key-" + hostile.indexOf(each));
        }
        registry.facts("hostile", hostile.size());
        try (CleanerProcess cleaner = start("hostile", folder)) {
            settled(cleaner, "hostile");
            assertOnlyImages(folder);
            assertThat(outside).hasContent("precious");
            assertThat(children(folder)).containsExactlyInAnyOrder("images", "leaving", "gone", "unread", "lock");
        }
    }

    @Test
    void aRecordThatItCannotReadIsKeptAndNeverDroppedInSilence(@TempDir Path folder) throws Exception {
        registry.namespace("broken", 9);
        for (String each : List.of("first", "second", "third")) {
            image(folder, each);
            registry.put("broken", each, each);
        }
        registry.delete("broken", "first");
        ConsumerRecord<byte[], byte[]> good = registry.facts("broken", 1).getFirst();
        String fact = new String(good.value(), StandardCharsets.UTF_8);
        List<Header> headers = List.of(good.headers().toArray());
        List<Header> later = new ArrayList<>(headers);
        later.removeIf(header -> header.key().equals("ce_type"));
        later.add(header("ce_type", "dev.spillway.eviction.v2"));
        List<RecordMetadata> broken = List.of(
                registry.tell(later, good.value()),
                registry.tell(List.of(), good.value()),
                registry.tell(headers, bytes("{\"id\":")),
                registry.tell(headers, bytes(fact.replace("\"snapshotId\"", "\"snapshot\""))),
                registry.tell(headers, bytes(fact.replace("\"first\"", "\"\\ud800\""))),
                registry.tell(headers, null));
        // A later minor change: a field more is passed over, and what comes behind the broken ones is read.
        registry.delete("broken", "second");
        registry.told("\"key\":\"second\"", 1);
        image(folder, "of-a-later-fact");
        registry.tell(headers, bytes(fact.replace("\"snapshotId\":\"first\"", "\"more\":[1],\"snapshotId\":\"of-a-later-fact\"")));
        try (CleanerProcess cleaner = start("broken", folder)) {
            settled(cleaner, "broken");
            assertOnlyImages(folder, "third");
            assertThat(children(folder.resolve("unread"))).containsExactlyInAnyOrderElementsOf(
                    broken.stream().map(each -> each.partition() + "-" + each.offset()).toList());
            assertThat(cleaner.text().lines().filter(line -> line.contains("not read, kept as"))).hasSize(broken.size());
            assertThat(cleaner.text()).contains("dev.spillway.eviction.v2");
        }
    }

    @Test
    void twoCleanersDoNotWorkOnOneFolder(@TempDir Path folder) throws Exception {
        registry.namespace("twice", 9);
        try (CleanerProcess first = start("twice", folder)) {
            settled(first, "twice");
            try (CleanerProcess second = start("twice", folder)) {
                assertThat(second.awaitEnd()).as(second.text()).isEqualTo(1);
                assertThat(second.text()).contains("expected: one that no other cleaner works on");
            }
        }
    }

    private CleanerProcess start(String namespace, Path folder) throws IOException {
        return start(namespace, folder, registry.url());
    }

    private CleanerProcess start(String namespace, Path folder, String registryUrl) throws IOException {
        return start(namespace, folder, registryUrl, group(namespace));
    }

    private CleanerProcess start(String namespace, Path folder, String registryUrl, String group) throws IOException {
        return CleanerProcess.start(
                command(registry.kafka(), registryUrl, namespace, folder, group),
                outputs.resolve(UUID.randomUUID() + ".log"));
    }

    private String group(String namespace) {
        return namespace + "-" + getClass().getSimpleName();
    }

    private void settled(CleanerProcess cleaner, String namespace) {
        settledAs(cleaner, group(namespace));
    }

    /** Waits until the cleaner's place in the topic is its end. */
    private void settledAs(CleanerProcess cleaner, String group) {
        eventually(() -> {
            if (!cleaner.process().isAlive()) {
                throw new IllegalStateException("ended: " + cleaner.text());
            }
            registry.assertAllSettled(group);
        });
    }

    private static void eventually(ThrowingCallable check) {
        long deadline = System.nanoTime() + Duration.ofMinutes(5).toNanos();
        while (true) {
            try {
                check.call();
                return;
            } catch (IllegalStateException e) {
                throw e;
            } catch (Throwable e) {
                if (System.nanoTime() > deadline) {
                    throw new AssertionError(e.getMessage(), e);
                }
            }
            LockSupport.parkNanos(Duration.ofMillis(25).toNanos());
        }
    }

    private static Path image(Path folder, String snapshotId) throws IOException {
        Path image = Files.createDirectories(folder.resolve("images").resolve(ImageFolder.fileName(new SnapshotId(snapshotId))));
        Files.writeString(Files.createDirectories(image.resolve("etc")).resolve("file"), "of " + snapshotId);
        return image;
    }

    private static void assertOnlyImages(Path folder, String... snapshotIds) throws IOException {
        assertThat(children(folder.resolve("images"))).containsExactlyInAnyOrderElementsOf(
                Stream.of(snapshotIds).map(each -> ImageFolder.fileName(new SnapshotId(each))).toList());
        for (String each : snapshotIds) {
            assertThat(folder.resolve("images").resolve(ImageFolder.fileName(new SnapshotId(each))).resolve("etc").resolve("file"))
                    .hasContent("of " + each);
        }
    }

    private static List<String> children(Path directory) throws IOException {
        assertThat(Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)).isTrue();
        try (Stream<Path> listed = Files.list(directory)) {
            return listed.map(each -> each.getFileName().toString()).toList();
        }
    }

    private static Header header(String name, String text) {
        return new RecordHeader(name, bytes(text));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
