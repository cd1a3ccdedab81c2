package dev.spillway.dev.fleet;

import dev.spillway.api.body.CachedDirectories;
import dev.spillway.api.body.Pagers;
import dev.spillway.api.body.WorkerStatus;
import dev.spillway.client.RemoteCachePager;
import dev.spillway.client.SpillwayClient;
import dev.spillway.events.ContentDigest;
import dev.spillway.pager.DimensionOrder;
import dev.spillway.pager.ElementType;
import dev.spillway.pager.KeysAndValues;
import dev.spillway.pager.LogicalSequence;
import dev.spillway.pager.PageShape;
import dev.spillway.pager.PagerMeta;
import dev.spillway.pager.TinyDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Pagers of two workers that are processes of their own: by the library, at the command line, and by engines in Python. */
@Tag("full")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PagersOfAFleetTest {
    private static final PageShape SHAPE = TinyDecoder.shape(ElementType.BF16, DimensionOrder.HND, KeysAndValues.SEPARATE);
    private static final PagerMeta META = new PagerMeta(new ContentDigest("5eed".repeat(16)), SHAPE, List.of());

    private Path scratch;
    private FleetProcesses fleet;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        scratch = directory;
        fleet = new FleetProcesses(scratch, 2);
        fleet.launchCoordinator();
        fleet.awaitReady("coordinator");
        for (int host = 1; host <= 2; host++) {
            fleet.launchWorker(host);
        }
        for (int host = 1; host <= 2; host++) {
            fleet.awaitWorkerJoined(host);
        }
        fleet.setNamespace("kv", 10);
    }

    @AfterAll
    void stop() {
        fleet.close();
    }

    private SpillwayClient client(int host) {
        return SpillwayClient.builder().worker(fleet.workerUrl(host)).build();
    }

    private static Pagers.Create creation(String name) {
        return creation(name, META);
    }

    private static Pagers.Create creation(String name, PagerMeta meta) {
        return new Pagers.Create(name, meta, 40, null, null, null, null);
    }

    static Stream<Arguments> kinds() {
        return Stream.of(ElementType.values())
                .flatMap(
                        elements -> Stream.of(DimensionOrder.values())
                                .flatMap(order -> Stream.of(KeysAndValues.values()).map(places -> Arguments.of(elements, order, places))));
    }

    private static List<Integer> decode(TinyDecoder decoder, RemoteCachePager pager, String sequence, int first)
            throws InterruptedException {
        List<Integer> bits = new ArrayList<>();
        int token = first;
        for (int step = 0; step < 9; step++) {
            float[] logits = decoder.step(pager, sequence, token);
            token = 0;
            for (int at = 0; at < logits.length; at++) {
                bits.add(Float.floatToRawIntBits(logits[at]));
                token = logits[at] > logits[token] ? at : token;
            }
        }
        return bits;
    }

    private Spillway.Ran done(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--url", fleet.coordinatorUrl()));
        Spillway.Ran ran = Spillway.run(all.toArray(String[]::new));
        assertThat(ran.exitCode()).as(ran.toString()).isZero();
        return ran;
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aDecoderGoesOnBitForBitOnAnotherHostAfterTheFirstOneLostItsCopy(ElementType elements, DimensionOrder order, KeysAndValues places)
            throws Exception {
        PageShape shape = TinyDecoder.shape(elements, order, places);
        Pagers.Create creation = creation("decoder", new PagerMeta(META.model(), shape, List.of()));
        String key = "%s %s %s".formatted(elements, order, places);
        TinyDecoder decoder = new TinyDecoder(42, shape);
        try (SpillwayClient first = client(1); SpillwayClient second = client(2)) {
            List<Integer> a;
            List<Integer> b;
            try (RemoteCachePager pager = first.createPager(creation)) {
                decode(decoder, pager, "a", 1);
                pager.fork("a", "b");
                decode(decoder, pager, "b", 7);
                assertThat(pager.capture("kv", key, "in the middle").sequences()).isEqualTo(2);
                a = decode(decoder, pager, "a", 2);
                b = decode(decoder, pager, "b", 3);
            }
            try (RemoteCachePager pager = second.createPager(creation)) {
                decode(decoder, pager, "there", 11);
                List<Integer> there = pager.occupiedPages();
                Pagers.Restored restored = pager.restore("kv", key);
                assertThat(restored.source()).isEqualTo(CachedDirectories.Source.PEER);
                assertThat(restored.sequences()).flatExtracting(LogicalSequence::pages).doesNotContainAnyElementsOf(there);
                assertThat(decode(decoder, pager, "b", 3)).isEqualTo(b);
            }
            done("drain", "host-1");
            assertThat(fleet.store(1).resolve("images")).isEmptyDirectory();
            try (RemoteCachePager pager = second.createPager(creation)) {
                assertThat(pager.restore("kv", key).source()).isEqualTo(CachedDirectories.Source.LOCAL);
                assertThat(decode(decoder, pager, "a", 2)).isEqualTo(a);
                assertThat(decode(decoder, pager, "b", 3)).isEqualTo(b);
            }
        } finally {
            done("drain", "host-1", "--cancel");
            Eventually.holds(
                    Eventually.HANG,
                    () -> assertThat(Http.get(fleet.workerUrl(1) + "/v1/status").as(WorkerStatus.class).draining()).isFalse());
        }
    }

    @Test
    void pagersAreListedCapturedRestoredAndVerifiedAtTheCommandLine() throws Exception {
        try (SpillwayClient client = client(2);
                RemoteCachePager pager = client.createPager(creation("shown"));
                RemoteCachePager other = client.createPager(creation("other"))) {
            decode(new TinyDecoder(1, SHAPE), pager, "a", 1);

            assertThat(done("pagers", "ls", "--worker", "host-2").out()).containsPattern("shown +40 +37 .* BF16 HND SEPARATE +open");
            assertThat(done("pagers", "capture", "shown", "kv", "by hand", "--worker", "host-2").out())
                    .contains("captured  by hand  generation", "1 sequence of 3 pages", "written   3 pages", "paused    ");
            assertThat(done("pagers", "capture", "shown", "kv", "again", "--worker", "host-2").out()).contains("written   0 pages");
            assertThat(done("pagers", "verify", "kv", "by hand", "--worker", "host-2").out()).contains("1 sequence of 3 pages");
            assertThat(done("pagers", "restore", "other", "kv", "by hand", "--worker", "host-2").out())
                    .contains("1 sequence of 3 pages, from this host");

            assertThat(done("pagers", "detach", "shown", "--worker", "host-2").out()).isEqualTo("detached  shown\n");

            assertThat(other.sequences()).hasSize(1);
            Spillway.Ran refused = Spillway.run("pagers", "restore", "other", "kv", "by hand", "--worker", fleet.workerUrl(2));
            assertThat(refused.exitCode()).isOne();
            assertThat(refused.err()).contains("sequence a: exists");
            Spillway.Ran absent = Spillway.run("pagers", "capture", "none", "kv", "key", "--worker", fleet.workerUrl(2));
            assertThat(absent.exitCode()).isEqualTo(3);
        }
    }

    @Test
    void anEngineInPythonIsCapturedWhileItWritesAndItsCaptureIsReadBySafetensorsAlone() throws Exception {
        assumeTrue(python("-c", "import numpy").waitFor() == 0, "skipped: python3 with numpy is not there");
        Path examples = Path.of("../examples/pager").toAbsolutePath().normalize();

        assertThat(output(python(examples.resolve("engine.py").toString(), address(1), "kv", address(2))))
                .contains("captured 200 pages in 200 new ones")
                .contains("restored 200 pages, bit for bit those at the pause");
        String image = done("get", "kv", "example", "--worker", "host-2").out().strip();
        assertThat(output(python(examples.resolve("read_capture.py").toString(), image)))
                .startsWith("conversation: 200 pages of (2, 4, 16, 2, 32), 5 tokens in the last, sum ");
    }

    @Test
    void torchSeesThePagesInPlaceAsNumpyDoes() throws Exception {
        Optional<String> interpreter = Stream.of("python3", "/usr/bin/python3").filter(this::hasTorch).findFirst();
        assumeTrue(interpreter.isPresent(), "skipped: no python3 with torch and numpy is there");
        Path script = Files.write(scratch.resolve("torch_pages.py"), getClass().getResourceAsStream("torch_pages.py").readAllBytes());
        String examples = Path.of("../examples/pager").toAbsolutePath().normalize().toString();

        assertThat(output(start(interpreter.get(), script.toString(), examples, address(1))))
                .isEqualTo("torch sees (8, 2, 2, 16, 2, 32)\n");
    }

    private boolean hasTorch(String interpreter) {
        try {
            return start(interpreter, "-c", "import numpy, torch").waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @ParameterizedTest
    @CsvSource({
            "pause, close, is closed",
            "room, close, is closed",
            "pause, kill, its worker has ended",
            "room, kill, its worker has ended"})
    void anEngineInPythonThatWaitsWhileItsPagerEndsGoesOn(String where, String end, String expected) throws Exception {
        assumeTrue(python("-c", "import numpy").waitFor() == 0, "skipped: python3 with numpy is not there");
        Path examples = Path.of("../examples/pager").toAbsolutePath().normalize();
        Path script = Files.write(scratch.resolve("waiting_engine.py"), getClass().getResourceAsStream("waiting_engine.py").readAllBytes());
        SpillwayProcess worker = fleet.process("host-2");

        Process engine = python(script.toString(), examples.toString(), address(2), where, end, Long.toString(worker.process().pid()));
        try {
            assertThat(engine.waitFor(2, TimeUnit.MINUTES)).as("the engine has ended").isTrue();
            assertThat(output(engine)).isEqualTo("/v1/pagers/waiting: " + expected + "\n");
        } finally {
            engine.destroyForcibly();
            if (end.equals("kill")) {
                worker.kill();
                fleet.launchWorker(2);
                fleet.awaitWorkerJoined(2);
            }
        }
    }

    private String address(int host) {
        return fleet.workerUrl(host).replace("http://", "");
    }

    private Process python(String... arguments) throws IOException {
        return start("python3", arguments);
    }

    private Process start(String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        ProcessBuilder process =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(scratch.resolve("python.log").toFile());
        process.environment().put("PYTHONDONTWRITEBYTECODE", "1");
        return process.start();
    }

    private String output(Process process) throws IOException, InterruptedException {
        int exitCode = process.waitFor();
        String output = Files.readString(scratch.resolve("python.log"));
        assertThat(exitCode).as(output).isZero();
        return output;
    }
}
