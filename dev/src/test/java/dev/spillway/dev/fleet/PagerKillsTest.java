package dev.spillway.dev.fleet;

import dev.spillway.api.Entries;
import dev.spillway.api.Pagers;
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

/** A worker is killed at each step of a capture, a second capture that links the packs of the first, and a restore. */
@Tag("full")
class PagerKillsTest {
    private static final int PAGES = 20;
    private static final PagerMeta META = new PagerMeta(new ContentDigest("5eed".repeat(16)),
            new PageShape(4, 2, 2, 4, ElementType.F32, DimensionOrder.NHD, KeysAndValues.SEPARATE), List.of());
    private static final List<KillPoint> POINTS = List.of(
            at("pages are frozen, none is read", "FrozenPages", "read"),
            at("a pack is begun, no page is in it", "PackWriter", "add"),
            at("pages are in a pack that is not durable", "PackWriter", "finish"),
            at("packs are durable, there is no manifest", "SnapshotWriter", "writeManifest"),
            at("an entry is stored, its pager does not know", "SnapshotWriter", "published"),
            at("a pack of another snapshot is to be linked", "Packs", "link"),
            at("a restore has checked the manifest, no page is taken", "PagePool", "reserve"),
            at("pages are taken, none is filled", "SlotFills", "run"),
            at("pages are filled and verified, no sequence is there", "PagePool", "install"),
            at("a pager is to be closed, its file is there", "PageMemory", "close"));

    @TempDir
    private Path scratch;

    private static KillPoint at(String what, String type, String method) {
        return new KillPoint(Act.PUT, what, "dev.spillway.pager." + type, method, List.of(), "");
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
            for (int number = 0; number <= POINTS.size(); number++) {
                fleet.launchWorker(1);
                Debugger debugger = attached(fleet, "host-1");
                CompletableFuture<Void> hit = number < POINTS.size() ? debugger.killAt(POINTS.get(number)) : new CompletableFuture<>();
                debugger.resume();
                fleet.awaitWorkerJoined(1);
                if (number == 0) {
                    fleet.setNamespace("kv", 100);
                }
                requireWhole(fleet, files);
                if (number < POINTS.size()) {
                    int round = number;
                    Future<?> work = threads.submit(() -> work(fleet.workerUrl(1), round));
                    try {
                        hit.get(1, TimeUnit.MINUTES);
                    } catch (TimeoutException e) {
                        throw new AssertionError(POINTS.get(round).what() + ": " + work, e);
                    }
                    work.cancel(true);
                }
            }
            // None of the first four rounds, one of each of the next two, two of each of the others.
            assertThat(fleet.entries("kv")).hasSize(10);
        }
    }

    private static Debugger attached(FleetProcesses fleet, String name) throws IOException {
        SpillwayProcess process = fleet.process(name).awaitLine(Debugger.LISTENING, fleet.starts(name), Eventually.HANG);
        String last = process.text().lines().filter(line -> line.startsWith(Debugger.LISTENING)).toList().getLast();
        return Debugger.attach(process.process(), Integer.parseInt(last.substring(Debugger.LISTENING.length()).strip()));
    }

    private static Void work(String url, int round) throws InterruptedException {
        Random random = new Random(round);
        try (SpillwayClient client = SpillwayClient.builder().worker(url).build();
                RemoteCachePager pager = client.createPager(creation("engine-" + round));
                RemoteCachePager other = client.createPager(creation("other-" + round))) {
            List<Integer> pages = pager.allocatePages(PAGES);
            byte[] content = new byte[PAGES * Math.toIntExact(META.page().bytes())];
            random.nextBytes(content);
            pager.writePages(pages, ByteBuffer.wrap(content));
            pager.installSequences(List.of(new LogicalSequence("chat", pages, 1)));
            pager.capture("kv", "first-" + round, "");
            pager.writePage(pages.getFirst(), ByteBuffer.wrap(content, 0, Math.toIntExact(META.page().bytes())));
            pager.capture("kv", "second-" + round, "");
            other.restore("kv", "second-" + round);
        }
        return null;
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
                Http.Answer verified = Http.send("POST",
                        fleet.workerUrl(1) + "/v1/pagers/snapshots/kv/" + entry.key() + "/verify", null, Map.of());
                assertThat(verified.status()).as(verified.text()).isEqualTo(200);
                assertThat(verified.json().get("pages").asInt()).isEqualTo(PAGES);
            }
        });
    }
}
