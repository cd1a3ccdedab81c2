package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.client.DirectoryCache;
import dev.spillway.client.HeldDirectory;
import dev.spillway.client.ImageRegistry;
import dev.spillway.client.NotReachableException;
import dev.spillway.client.SpillwayClient;
import dev.spillway.events.Description;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** The library against a fleet. */
class ClientLibraryTest {
    @TempDir
    private static Path scratch;
    private static FleetInProcess fleet;
    private static Path tree;

    @BeforeAll
    static void start() throws Exception {
        fleet = new FleetInProcess(scratch.resolve("fleet"), 2);
        tree = Files.createDirectories(scratch.resolve("tree"));
        Files.writeString(tree.resolve("file"), "content");
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    private static void namespace(String name, String... limits) {
        String[] words = Stream.of(Stream.of("namespace", "set", name, "--url", fleet.url()), Stream.of(limits))
                .flatMap(each -> each)
                .toArray(String[]::new);
        Spillway.Ran ran = Spillway.run(words);
        assertThat(ran.exitCode()).as(ran.err()).isZero();
    }

    private static SpillwayClient.Builder builder() {
        return SpillwayClient.builder().coordinators(fleet.url()).worker(fleet.workerUrl(1));
    }

    @Test
    void aHeldTreeStaysWholeWhileItIsOpenAlsoBeyondItsFirstHoldAndAfterItsEviction() throws Exception {
        namespace("held", "--max-entries", "1");
        try (SpillwayClient client = builder().hold(Duration.ofSeconds(1)).build()) {
            DirectoryCache trees = client.directories("held");
            trees.put("a", tree, "first");
            HeldDirectory held = trees.get("a").orElseThrow();
            try (held) {
                Instant first = held.heldUntil();
                trees.put("b", tree, "evicts the first");
                Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(held.heldUntil()).isAfter(first.plusSeconds(2)));
                assertThat(trees.get("a")).isEmpty();
                assertThat(held.path().resolve("file")).hasContent("content");
            }
            Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(held.path()).doesNotExist());
        }
    }

    @Test
    void closingTheClientReleasesItsHolds() throws Exception {
        namespace("closed", "--max-entries", "1");
        HeldDirectory held;
        try (SpillwayClient client = builder().build()) {
            client.directories("closed").put("a", tree, "");
            held = client.directories("closed").get("a").orElseThrow();
        }
        try (SpillwayClient client = builder().build()) {
            client.directories("closed").invalidate("a");
        }
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(held.path()).doesNotExist());
    }

    @ParameterizedTest
    @ValueSource(strings = {".", "..", "a/../b", "%2e%2E", "a b+c", "ключ/𝄞", "~", "a?b#c"})
    void anyKeyArrivesWholeAtBothServicesAndByTheSocketToo(String key) throws Exception {
        namespace("keys", "--max-entries", "100");
        Path socket = scratch.resolve("fleet/host-1/worker.sock");
        try (SpillwayClient tcp = builder().build();
                SpillwayClient unix = SpillwayClient.builder().coordinators(fleet.url()).workerSocket(socket).build()) {
            DirectoryCache trees = unix.directories("keys");
            String snapshot = trees.put(key, tree, "").snapshotId();
            assertThat(tcp.directories("keys").list()).anyMatch(listed -> listed.key().value().equals(key));
            try (HeldDirectory held = trees.get(key).orElseThrow()) {
                assertThat(held.snapshotId()).isEqualTo(snapshot);
            }
            ImageRegistry images = tcp.images("keys");
            assertThat(images.get(key)).contains(snapshot);
            assertThat(images.invalidate(key, "another")).isFalse();
            assertThat(images.invalidate(key)).contains(snapshot);
            assertThat(images.invalidate(key)).isEmpty();
        }
    }

    @Test
    void anotherHostAddsItsCopyOfTheSameGenerationAndAllLabelsStay() throws Exception {
        namespace("copies", "--max-entries", "100");
        Description description = new Description("a build", new TreeMap<>(Map.of("rebuild-seconds", "340")));
        try (SpillwayClient client = builder().build();
                SpillwayClient other = builder().worker(fleet.workerUrl(2)).build()) {
            DirectoryCache.Put first = client.directories("copies").put("a", tree, description, CachedDirectories.Mode.COPY);
            DirectoryCache trees = other.directories("copies");
            DirectoryCache.Put copy = trees.putCopy("a", tree, description, first.generation());
            assertThat(copy).returns(first.generation(), DirectoryCache.Put::generation)
                    .returns(first.snapshotId(), DirectoryCache.Put::snapshotId);
            JsonNode entry = Http.get(fleet.url() + "/v1/namespaces/copies/entries/a").json();
            assertThat(entry.get("replicas").findValuesAsText("hostId")).containsExactlyInAnyOrder("host-1", "host-2");
            assertThat(entry.at("/labels/rebuild-seconds").asText()).isEqualTo("340");
            trees.put("a", tree, "in place of it");
            assertThatExceptionOfType(ProblemException.class)
                    .isThrownBy(() -> client.directories("copies").putCopy("a", tree, description, first.generation()))
                    .matches(refused -> refused.type() == ProblemType.GENERATION_GONE);
        }
    }

    @Test
    void aPruneTakesTheLeastRecentlyUsedAndWhatIsHeldLast() throws Exception {
        namespace("pruned", "--max-entries", "100", "--max-eviction-share", "1");
        try (SpillwayClient client = builder().build()) {
            DirectoryCache trees = client.directories("pruned");
            trees.put("a", tree, "");
            try (HeldDirectory held = trees.get("a").orElseThrow()) {
                for (String key : new String[]{"b", "c", "d"}) {
                    trees.put(key, tree, "used after the held one");
                }
                assertThat(trees.prune(2, Long.MAX_VALUE)).isEqualTo(2);
                assertThat(held.path()).isDirectory();
                Eventually.holds(
                        FleetInProcess.WITHIN,
                        () -> assertThat(trees.list().stream().map(each -> each.key().value())).containsExactly("a", "d"));
            }
            assertThat(trees.prune(2, Long.MAX_VALUE)).isZero();
        }
    }

    @Test
    void whatIsRefusedIsTypedAndAnErrorIsNoMiss() throws Exception {
        namespace("refusing", "--max-entries", "100", "--max-eviction-share", "0.1");
        try (SpillwayClient client = builder().retryFor(Duration.ZERO).build()) {
            assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> client.images("nowhere").get("a"))
                    .matches(refused -> refused.type() == ProblemType.UNKNOWN_NAMESPACE);
            assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> client.directories("nowhere").get("a"))
                    .matches(refused -> refused.type() == ProblemType.UNKNOWN_NAMESPACE);
            DirectoryCache trees = client.directories("refusing");
            for (int entry = 0; entry < 50; entry++) {
                client.images("refusing").put("key-" + entry, "image-" + entry);
            }
            assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> trees.prune(0, 0))
                    .matches(refused -> refused.type() == ProblemType.PLAN_NEEDED)
                    .matches(refused -> refused.problem().extensions().containsKey("planId"));
        }
        try (SpillwayClient client =
                SpillwayClient.builder().coordinators("127.0.0.1:9").worker("127.0.0.1:9").retryFor(Duration.ZERO).build()) {
            assertThatExceptionOfType(NotReachableException.class).isThrownBy(() -> client.images("refusing").get("a"));
            assertThatExceptionOfType(NotReachableException.class).isThrownBy(() -> client.directories("refusing").get("a"));
            assertThatExceptionOfType(NotReachableException.class).isThrownBy(() -> client.images("refusing").put("a", "b"));
        }
    }

    @Test
    void anotherCoordinatorIsAskedWhereOneIsAway() throws Exception {
        namespace("elsewhere", "--max-entries", "10");
        try (SpillwayClient client = SpillwayClient.builder().coordinators("127.0.0.1:9", fleet.url()).build()) {
            ImageRegistry images = client.images("elsewhere");
            assertThat(images.isEmpty()).isTrue();
            images.put("a", "image");
            assertThat(images.allSnapshotIds()).containsExactly("image");
        }
    }
}
