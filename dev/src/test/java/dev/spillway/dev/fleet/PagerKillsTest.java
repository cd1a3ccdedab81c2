package dev.spillway.dev.fleet;

import dev.spillway.api.body.Entries;
import dev.spillway.api.body.Pagers;
import dev.spillway.client.RemoteCachePager;
import dev.spillway.client.SpillwayClient;
import dev.spillway.dev.fleet.ChaosClient.Act;
import dev.spillway.events.ContentDigest;
import dev.spillway.pager.DimensionOrder;
import dev.spillway.pager.ElementType;
import dev.spillway.pager.KeysAndValues;
import dev.spillway.pager.LogicalSequence;
import dev.spillway.pager.PageShape;
import dev.spillway.pager.PagerMeta;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A worker is killed at each step of a capture, a second capture that links the packs of the first, one that copies what it needs of packs, and a restore.
 */
@Tag("full")
class PagerKillsTest {
    private static final int PAGES = 20;
    private static final PagerMeta META = new PagerMeta(
            new ContentDigest("5eed".repeat(16)),
            new PageShape(4, 2, 2, 4, ElementType.F32, DimensionOrder.NHD, KeysAndValues.SEPARATE),
            List.of());
    /** So many small packs are joined by the next capture. */
    private static final int JOINED = 33;
    private static final Work COPIES = new Work((_, _) -> {}, PagerKillsTest::captureAndRestore, PAGES);
    private static final Work COMPACTS = new Work(PagerKillsTest::captureOnce, PagerKillsTest::captureAfterMostWasChanged, PAGES);
    private static final Work JOINS = new Work(PagerKillsTest::captureUntilPacksAreMany, PagerKillsTest::captureOneMore, JOINED);
    private static final List<Round> ROUNDS = List.of(
            killed(COPIES, 0, "pages are frozen, none is read", "FrozenPages", "read"),
            killed(COPIES, 0, "a pack is begun, no page is in it", "PackWriter", "add"),
            killed(COPIES, 0, "pages are in a pack that is not durable", "PackWriter", "finish"),
            killed(COPIES, 0, "packs are durable, there is no manifest", "SnapshotWriter", "writeManifest"),
            killed(COPIES, 1, "an entry is stored, its pager does not know", "SnapshotWriter", "published"),
            killed(COPIES, 1, "a pack of another snapshot is to be linked", "Packs", "link"),
            killed(COPIES, 2, "a restore has checked the manifest, no page is taken", "PagePool", "reserve"),
            killed(COPIES, 2, "pages are taken, none is filled", "SlotFills", "run"),
            killed(COPIES, 2, "pages are filled and verified, no sequence is there", "PagePool", "install"),
            killed(COPIES, 2, "a pager is to be closed, its file is there", "PageMemory", "close"),
            killed(COMPACTS, 1, "a pack is linked of which little is needed, none of it is copied", "SnapshotWriter", "copied"),
            killed(COMPACTS, 1, "what is needed is copied, the link is there", "SnapshotWriter", "unlink"),
            killed(COMPACTS, 1, "the link is gone, the copy is not durable", "PackWriter", "finish"),
            killed(JOINS, 1, "many small packs are linked, none is copied", "SnapshotWriter", "copied"),
            killed(JOINS, 1, "many small packs are copied, their links are there", "SnapshotWriter", "unlink"),
            killed(JOINS, 1, "the links of many packs are gone, the one pack is not durable", "PackWriter", "finish"));

    private interface Step {
        void run(SpillwayClient client, int round) throws InterruptedException;
    }

    /**
     * The work of a client.
     *
     * @param before done before the worker can be killed
     * @param pages  of each snapshot
     */
    private record Work(Step before, Step then, int pages) {}

    /** @param entries that are there after the kill */
    private record Round(KillPoint point, Work work, int entries) {}

    @TempDir
    private Path scratch;

    private static Round killed(Work work, int entries, String what, String type, String method) {
        return new Round(new KillPoint(Act.PUT, what, "dev.spillway.pager." + type, method, List.of(), ""), work, entries);
    }

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void whereverAWorkerIsKilledOnlyWholeSnapshotsAndNoFilesAreLeft() throws Exception {
        Path files = Files.createDirectory(scratch.resolve("files"));
        Map<String, String> environment = new HashMap<>(Debugger.ENVIRONMENT);
        environment.put("SPILLWAY_PAGER_FILES", files.toString());
        ServersApart servers = new ServersApart(scratch);
        try (FleetProcesses fleet = new FleetProcesses(scratch, 1, servers.addresses(), servers::close, environment);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            fleet.launchCoordinator();
            attached(fleet, "coordinator").resume();
            fleet.awaitReady("coordinator");
            for (int number = 0; number < ROUNDS.size(); number++) {
                Round round = ROUNDS.get(number);
                Debugger debugger = startWorker(fleet);
                if (number == 0) {
                    fleet.setNamespace("kv", 100);
                }
                requireWhole(fleet, files);
                run(fleet, round.work().before(), number);
                CompletableFuture<Void> hit = debugger.killAt(round.point());
                int of = number;
                Future<?> work = threads.submit(() -> run(fleet, round.work().then(), of));
                try {
                    hit.get(1, TimeUnit.MINUTES);
                } catch (TimeoutException e) {
                    throw new AssertionError(round.point().what() + ": " + work, e);
                }
                work.cancel(true);
            }
            startWorker(fleet);
            requireWhole(fleet, files);
            assertThat(fleet.entries("kv")).hasSize(ROUNDS.stream().mapToInt(Round::entries).sum());
        }
    }

    private static Debugger startWorker(FleetProcesses fleet) throws IOException {
        fleet.launchWorker(1);
        Debugger debugger = attached(fleet, "host-1");
        debugger.resume();
        fleet.awaitWorkerJoined(1);
        return debugger;
    }

    private static Debugger attached(FleetProcesses fleet, String name) throws IOException {
        SpillwayProcess process = fleet.process(name).awaitLine(Debugger.LISTENING, fleet.starts(name), Eventually.HANG);
        String last = process.text().lines().filter(line -> line.startsWith(Debugger.LISTENING)).toList().getLast();
        return Debugger.attach(process.process(), Integer.parseInt(last.substring(Debugger.LISTENING.length()).strip()));
    }

    private static Void run(FleetProcesses fleet, Step step, int round) throws InterruptedException {
        try (SpillwayClient client = SpillwayClient.builder().worker(fleet.workerUrl(1)).build()) {
            step.run(client, round);
        }
        return null;
    }

    private static ByteBuffer random(int pages, long seed) {
        byte[] content = new byte[pages * Math.toIntExact(META.page().bytes())];
        new Random(seed).nextBytes(content);
        return ByteBuffer.wrap(content);
    }

    private static void captureAndRestore(SpillwayClient client, int round) throws InterruptedException {
        try (RemoteCachePager pager = client.createPager(creation("engine-" + round));
                RemoteCachePager other = client.createPager(creation("other-" + round))) {
            List<Integer> pages = fill(pager, round);
            pager.capture("kv", "first-" + round, "");
            pager.writePage(pages.getFirst(), random(1, -round));
            pager.capture("kv", "second-" + round, "");
            other.restore("kv", "second-" + round);
        }
    }

    private static List<Integer> fill(RemoteCachePager pager, int round) throws InterruptedException {
        List<Integer> pages = pager.allocatePages(PAGES);
        pager.writePages(pages, random(PAGES, round));
        pager.installSequences(List.of(new LogicalSequence("chat", pages, 1)));
        return pages;
    }

    private static void captureOnce(SpillwayClient client, int round) throws InterruptedException {
        RemoteCachePager pager = client.createPager(creation("engine-" + round));
        fill(pager, round);
        pager.capture("kv", "first-" + round, "");
    }

    private static void captureAfterMostWasChanged(SpillwayClient client, int round) throws InterruptedException {
        RemoteCachePager pager = client.pager("engine-" + round);
        int most = PAGES / 2 + 1;
        pager.writePages(pager.occupiedPages().subList(0, most), random(most, -round));
        pager.capture("kv", "second-" + round, "");
    }

    private static void captureUntilPacksAreMany(SpillwayClient client, int round) throws InterruptedException {
        RemoteCachePager pager = client.createPager(creation("engine-" + round));
        for (int number = 0; number < JOINED; number++) {
            grow(pager, round, number);
            assertThat(pager.capture("kv", "first-" + round, "").pagesWritten()).isEqualTo(1);
        }
    }

    private static void captureOneMore(SpillwayClient client, int round) throws InterruptedException {
        RemoteCachePager pager = client.pager("engine-" + round);
        grow(pager, round, JOINED);
        pager.capture("kv", "second-" + round, "");
    }

    private static void grow(RemoteCachePager pager, int round, int number) throws InterruptedException {
        List<Integer> pages = pager.allocatePages(1);
        pager.writePages(pages, random(1, 1_000L * round + number));
        pager.installSequences(List.of(new LogicalSequence("chat-" + number, pages, 1)));
    }

    private static Pagers.Create creation(String name) {
        return new Pagers.Create(name, META, 2 * PAGES, null, true, null, null);
    }

    private static void requireWhole(FleetProcesses fleet, Path files) {
        assertThat(files).isEmptyDirectory();
        Eventually.holds(Eventually.HANG, () -> {
            List<Entries.Entry> entries = fleet.entries("kv");
            assertThat(FleetProcesses.names(fleet.store(1).resolve("images"))).hasSameSizeAs(entries);
            assertThat(FleetProcesses.names(fleet.store(1).resolve("staging"))).isEmpty();
            assertThat(FleetProcesses.names(fleet.store(1).resolve("trash"))).isEmpty();
            for (Entries.Entry entry : entries) {
                Http.Answer verified = Http.send(
                        "POST",
                        fleet.workerUrl(1) + "/v1/pagers/snapshots/kv/" + entry.key() + "/verify",
                        null,
                        Map.of());
                assertThat(verified.status()).as(verified.text()).isEqualTo(200);
                int round = Integer.parseInt(entry.key().value().substring(entry.key().value().indexOf('-') + 1));
                assertThat(verified.json().get("pages").asInt()).isEqualTo(ROUNDS.get(round).work().pages());
            }
        });
    }
}
