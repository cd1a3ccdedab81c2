package dev.spillway.dev.fleet;

import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.api.body.Pagers;
import dev.spillway.client.HeldDirectory;
import dev.spillway.client.RemoteCachePager;
import dev.spillway.client.SpillwayClient;
import dev.spillway.events.ContentDigest;
import dev.spillway.pager.DimensionOrder;
import dev.spillway.pager.ElementType;
import dev.spillway.pager.ForgedStates;
import dev.spillway.pager.KeysAndValues;
import dev.spillway.pager.LogicalSequence;
import dev.spillway.pager.PageShape;
import dev.spillway.pager.PagerMeta;
import dev.spillway.pager.PagerRefusedException;
import dev.spillway.pager.PagerRefusedException.Reason;
import dev.spillway.pager.StatePool;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/** Snapshots of pagers in a fleet: with pools of state, and under the policies, pins and holds that all images obey. */
@Tag("full")
@Timeout(1200)
class PagerSnapshotsTest {
    private static final PagerMeta HYBRID = new PagerMeta(
            new ContentDigest("b2".repeat(32)),
            new PageShape(4, 2, 2, 4, ElementType.F32, DimensionOrder.NHD, KeysAndValues.SEPARATE),
            List.of(new StatePool("ssm", ElementType.F32, List.of(2L, 8L)), new StatePool("conv", ElementType.BF16, List.of(3L, 5L))));
    private static final int PAGE = 512;
    private static final int PAGES = 8;
    private static final int SEQUENCES = 3;

    @TempDir
    private static Path scratch;
    private static FleetInProcess fleet;
    private static SpillwayClient first;
    private static SpillwayClient second;

    @BeforeAll
    static void startFleet() throws Exception {
        fleet = new FleetInProcess(scratch.resolve("fleet"), 2);
        first = SpillwayClient.builder().worker(fleet.workerUrl(1)).build();
        second = SpillwayClient.builder().worker(fleet.workerUrl(2)).build();
    }

    @AfterAll
    static void stopFleet() {
        first.close();
        second.close();
        fleet.close();
    }

    private static void done(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--url", fleet.url()));
        Spillway.Ran ran = Spillway.run(all.toArray(String[]::new));
        assertThat(ran.exitCode()).as(ran.toString()).isZero();
    }

    private static void setNamespace(String name, String... policy) {
        List<String> all = new ArrayList<>(List.of("namespace", "set", name));
        all.addAll(List.of(policy));
        done(all.toArray(String[]::new));
        Eventually.holds(FleetInProcess.WITHIN, () -> {
            for (int host = 1; host <= 2; host++) {
                assertThat(Http.get(fleet.workerUrl(host) + "/v1/directories/" + name + "/stats").status()).isEqualTo(200);
            }
        });
    }

    private static RemoteCachePager pager(SpillwayClient client, String name) throws InterruptedException {
        return client.createPager(new Pagers.Create(name, HYBRID, PAGES, SEQUENCES, null, null, null));
    }

    private static ByteBuffer random(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return ByteBuffer.wrap(content);
    }

    /** Adds a sequence of two pages, with random content and states. */
    private static void add(RemoteCachePager pager, String id, long seed) throws InterruptedException {
        List<Integer> pages = pager.allocatePages(2);
        pager.writePages(pages, random(2 * PAGE, seed));
        pager.installSequences(List.of(new LogicalSequence(id, pages, 3)));
        writeStates(pager, id, seed);
    }

    private static void writeStates(RemoteCachePager pager, String id, long seed) throws InterruptedException {
        for (StatePool state : HYBRID.states()) {
            pager.writeState(id, state.name(), random(Math.toIntExact(state.bytes()), seed + state.name().length()));
        }
    }

    /** Returns the contents of the pages and states of each sequence. */
    private static Map<String, List<ByteBuffer>> seen(RemoteCachePager pager) {
        Map<String, List<ByteBuffer>> seen = new TreeMap<>();
        for (LogicalSequence sequence : pager.sequences()) {
            List<ByteBuffer> contents = new ArrayList<>();
            for (int page : sequence.pages()) {
                ByteBuffer content = ByteBuffer.allocate(PAGE);
                pager.readPage(page, content);
                contents.add(content);
            }
            for (StatePool state : HYBRID.states()) {
                ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(state.bytes()));
                pager.readState(sequence.id(), state.name(), content);
                contents.add(content);
            }
            seen.put(sequence.id(), contents);
        }
        return seen;
    }

    private static boolean isServed(SpillwayClient client, String namespace, String key) throws InterruptedException {
        try (HeldDirectory held = client.directories(namespace).get(key).orElse(null)) {
            return held != null;
        }
    }

    private static Path image(SpillwayClient client, String namespace, String key) throws InterruptedException {
        try (HeldDirectory held = client.directories(namespace).get(key).orElseThrow()) {
            return held.path();
        }
    }

    @Test
    void statesAreCapturedWithTheirSequencesAndRestoredOnAnotherHostBitForBit() throws Exception {
        setNamespace("states", "--max-entries", "10");
        try (RemoteCachePager pager = pager(first, "states"); RemoteCachePager other = pager(second, "states")) {
            add(pager, "a", 1);
            pager.fork("a", "b");
            writeStates(pager, "b", 50);
            Map<String, List<ByteBuffer>> captured = seen(pager);
            assertThat(captured.get("a")).isNotEqualTo(captured.get("b"));
            pager.capture("states", "both", "");
            writeStates(pager, "a", 60);
            add(other, "there", 9);
            Map<String, List<ByteBuffer>> expected = new TreeMap<>(captured);
            expected.putAll(seen(other));

            assertThat(other.restore("states", "both").source()).isEqualTo(CachedDirectories.Source.PEER);

            assertThat(seen(other)).isEqualTo(expected);
            assertThat(other.sequences().get(0).pages()).isEqualTo(other.sequences().get(1).pages());
            writeStates(other, "b", 70);
            assertThat(seen(other).get("a")).isEqualTo(captured.get("a"));
            assertThat(seen(pager).get("b")).isEqualTo(captured.get("b"));
        }
    }

    private interface Damage {
        void to(Path directory) throws Exception;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                    "missing; sequence b: has states [conv] (expected: those of all pools)",
                    "short; state ssm of sequence b: "})
    void aSnapshotWithAMissingOrShortStateIsRefusedAndNothingIsChanged(String what, String named) throws Exception {
        setNamespace("damaged", "--max-entries", "10");
        Damage damage = what.equals("missing") ? directory -> ForgedStates.removeState(directory, "b", "ssm")
                : directory -> ForgedStates.halveState(directory, "b", "ssm");
        try (RemoteCachePager pager = pager(first, "whole");
                RemoteCachePager here = pager(first, "here");
                RemoteCachePager there = pager(second, "there")) {
            // As no other test does, so that the snapshot has a pack of its own.
            add(pager, "a", what.hashCode());
            add(pager, "b", -what.hashCode());
            pager.capture("damaged", what, "");
            damage.to(image(first, "damaged", what));
            for (RemoteCachePager other : List.of(here, there)) {
                add(other, "before", 3);
                Map<String, List<ByteBuffer>> before = seen(other);

                assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(() -> other.restore("damaged", what))
                        .withMessageContaining(named)
                        .matches(refused -> refused.reason() == Reason.DAMAGED);

                assertThat(seen(other)).isEqualTo(before);
                assertThat(other.occupiedPages()).hasSize(2);
                add(other, "c", 4);
                add(other, "d", 5);
            }
            assertThatExceptionOfType(PagerRefusedException.class).isThrownBy(() -> first.verifySnapshot("damaged", what))
                    .withMessageContaining(named);
            Eventually.holds(
                    FleetInProcess.WITHIN,
                    () -> assertThat(second.directories("damaged").list()).as("the damaged copy is kept")
                            .noneMatch(listed -> listed.key().value().equals(what)));
        }
    }

    @Test
    void aPinnedSnapshotIsNoVictim() throws Exception {
        setNamespace("pinned", "--max-entries", "1");
        try (RemoteCachePager pager = pager(first, "pinned"); RemoteCachePager other = pager(first, "other")) {
            add(pager, "a", 1);
            pager.capture("pinned", "kept", "");
            done("pin", "pinned", "kept", "--reason", "a test");
            for (String key : List.of("x", "y")) {
                writeStates(pager, "a", key.charAt(0));
                pager.capture("pinned", key, "");
            }
            Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(isServed(first, "pinned", "x")).isFalse());
            other.restore("pinned", "kept");

            done("unpin", "pinned", "kept");
            assertThat(pager.capture("pinned", "z", "").evicted()).hasSize(2);

            Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(isServed(first, "pinned", "kept")).isFalse());
            assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> other.restore("pinned", "kept"))
                    .matches(refused -> refused.type() == ProblemType.UNKNOWN_ENTRY);
        }
    }

    @ParameterizedTest
    @CsvSource({"ttl, EXPIRED", "max-idle, IDLE"})
    void aSnapshotGoesWhenItsTimeIsOver(String limit, String cause) throws Exception {
        setNamespace(limit, "--max-entries", "10", "--" + limit, "1s");
        try (RemoteCachePager pager = pager(first, limit)) {
            add(pager, "a", 1);
            pager.capture(limit, "a", "");

            Eventually.holds(
                    FleetInProcess.WITHIN,
                    () -> assertThat(Http.get(fleet.url() + "/v1/evictions?namespace=" + limit).text()).contains("\"" + cause + "\""));
            Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(isServed(first, limit, "a")).isFalse());
            assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> first.verifySnapshot(limit, "a"))
                    .matches(refused -> refused.type() == ProblemType.UNKNOWN_ENTRY);
        }
    }

    @Test
    void aSnapshotThatAClientHoldsStaysWholeUntilItIsReleased() throws Exception {
        setNamespace("held", "--max-entries", "10");
        try (RemoteCachePager pager = pager(first, "held")) {
            add(pager, "a", 1);
            pager.capture("held", "a", "");
            Path tree;
            try (HeldDirectory held = first.directories("held").get("a").orElseThrow()) {
                tree = held.path();
                first.directories("held").invalidate("a");
                awaitDeferred("held");

                assertThat(tree.resolve("manifest.json")).isRegularFile();
                assertThat(isServed(first, "held", "a")).isFalse();
                assertThat(tree).isDirectoryContaining("glob:**.safetensors");
            }
            Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(tree).doesNotExist());
        }
    }

    /** Waits until a host has said that it keeps the image of an eviction for as long as somebody holds it. */
    private static void awaitDeferred(String namespace) {
        Eventually.holds(
                FleetInProcess.WITHIN,
                () -> assertThat(Http.get(fleet.url() + "/v1/evictions?namespace=" + namespace).text()).contains("\"DEFERRED\""));
    }

    @Test
    void aRestoreUnderWayHoldsItsSnapshot() throws Exception {
        setNamespace("restored", "--max-entries", "10");
        try (RemoteCachePager pager = pager(first, "captured"); RemoteCachePager other = pager(first, "restored")) {
            add(pager, "a", 1);
            pager.capture("restored", "a", "");
            Path tree = image(first, "restored", "a");
            // It reads all, and waits for the end of the pause to install the sequences.
            other.pause();
            CompletableFuture<Pagers.Restored> restore = CompletableFuture.supplyAsync(() -> {
                try {
                    return other.restore("restored", "a");
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            Eventually.holds(
                    FleetInProcess.WITHIN,
                    () -> assertThat(Http.get(fleet.workerUrl(1) + "/v1/holds").json().path("items")).isNotEmpty());

            first.directories("restored").invalidate("a");
            awaitDeferred("restored");
            assertThat(tree.resolve("manifest.json")).isRegularFile();
            assertThat(restore).isNotDone();
            other.resume();

            restore.get(5, TimeUnit.MINUTES);
            assertThat(seen(other)).isEqualTo(seen(pager));
            Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(tree).doesNotExist());
        }
    }
}
