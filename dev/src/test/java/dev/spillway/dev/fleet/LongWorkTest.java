package dev.spillway.dev.fleet;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.api.body.Pagers;
import dev.spillway.api.body.Work;
import dev.spillway.api.body.Work.Kind;
import dev.spillway.cli.Console;
import dev.spillway.dev.DevMain;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.codec.Json;
import dev.spillway.pager.DimensionOrder;
import dev.spillway.pager.ElementType;
import dev.spillway.pager.KeysAndValues;
import dev.spillway.pager.LogicalSequence;
import dev.spillway.pager.PageShape;
import dev.spillway.pager.PagerMeta;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Progress of long work of a host. For a terminal a worker answers it only after it was asked twice how far it is. */
@Timeout(300)
class LongWorkTest {
    private static final PagerMeta META = new PagerMeta(
            new ContentDigest("a1".repeat(32)),
            new PageShape(4, 2, 2, 4, ElementType.F32, DimensionOrder.NHD, KeysAndValues.SEPARATE),
            List.of());
    private static final SnapshotId SNAPSHOT = new SnapshotId("5a".repeat(32));
    private static final Pagers.Captured CAPTURED =
            new Pagers.Captured(SNAPSHOT, 7, 4096, 1, 2, 2, 1024, Duration.ofMillis(1), false, List.of());
    private static final Pagers.Restored RESTORED = new Pagers.Restored(
            SNAPSHOT,
            7,
            CachedDirectories.Source.LOCAL,
            List.of(new LogicalSequence("chat", List.of(0, 1), 3)));
    private static final Pagers.Verified VERIFIED = new Pagers.Verified(SNAPSHOT, 7, META, META.layout(), 2, List.of("chat"));

    private static final CachedDirectories.Stored STORED =
            new CachedDirectories.Stored("/store/image", SNAPSHOT, 7, 4096, List.of(), null, null);

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch looks = new CountDownLatch(2);
    private volatile boolean waitsForLooks;
    private HttpServer worker;

    @BeforeEach
    void start() throws IOException {
        worker = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        worker.setExecutor(threads);
        worker.createContext("/", exchange -> {
            String asked = exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
            exchange.getRequestBody().readAllBytes();
            send(exchange, switch (asked) {
                case "GET /v1/pagers/capture" -> describe("capture", Kind.CAPTURE);
                case "GET /v1/pagers/restore" -> describe("restore", Kind.RESTORE);
                case "GET /v1/pagers/snapshots/kv/key/verify" -> new Pagers.Verification(look(Kind.VERIFY));
                case "GET /v1/directories/images/entries/key/put" -> new CachedDirectories.PutUnderWay(look(Kind.PUT));
                case "PUT /v1/directories/images/entries/key" -> afterLooks(STORED);
                case "POST /v1/pagers/capture/capture" -> afterLooks(CAPTURED);
                case "POST /v1/pagers/restore/restore" -> afterLooks(RESTORED);
                case "POST /v1/pagers/snapshots/kv/key/verify" -> afterLooks(VERIFIED);
                default -> throw new IOException(asked);
            });
        });
        worker.start();
    }

    @AfterEach
    void stop() {
        worker.stop(0);
        threads.shutdownNow();
    }

    private Pagers.Pager describe(String name, Kind kind) {
        return new Pagers.Pager(name, META, META.layout(), 8, 8, 0, 4096, null, false, look(kind));
    }

    /** Has done a KiB at the first look, and one more at the next. */
    private synchronized Work look(Kind kind) {
        long done = (3 - looks.getCount()) << 10;
        looks.countDown();
        return new Work(kind, done);
    }

    private <T> T afterLooks(T answer) throws IOException {
        try {
            assertThat(!waitsForLooks || looks.await(4, TimeUnit.MINUTES)).isTrue();
            return answer;
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static void send(HttpExchange exchange, Object answer) throws IOException {
        byte[] body = Json.strict().writeValueAsBytes(answer);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @ParameterizedTest
    @CsvSource({
            "pagers capture capture kv key, capture of capture, captured  key",
            "pagers restore restore kv key, restore of restore, restored  key",
            "pagers verify kv key, verify of key, verified  key",
            "put images key /source, put of key, stored   key"})
    void longWorkShowsOnATerminalHowFarItIs(String command, String shown, String printed) {
        String progress = "\r\033\\[K" + shown + ": ";
        String rate = "(, [0-9.]+ K?i?B a second)?";
        assertThat(run(true, command, printed))
                .containsPattern("^" + progress + "1\\.0 KiB" + rate + progress + "2\\.0 KiB" + rate + "\r\033\\[K")
                .endsWith("\r\033[K");
    }

    @ParameterizedTest
    @CsvSource({
            "pagers capture capture kv key, captured  key",
            "pagers restore restore kv key, restored  key",
            "pagers verify kv key, verified  key",
            "put images key /source, stored   key"})
    void aScriptSeesNoProgressAndNobodyLooksForIt(String command, String printed) {
        assertThat(run(false, command, printed)).isEmpty();
        assertThat(looks.getCount()).isEqualTo(2);
    }

    /** Runs a command, and returns what it said besides its results. */
    private String run(boolean terminal, String command, String printed) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        waitsForLooks = terminal;
        String line = command + " --worker 127.0.0.1:" + worker.getAddress().getPort();

        int code = DevMain.run(
                List.of(line.split(" ")),
                new Console(Spillway.stream(out), Spillway.stream(err), new BufferedReader(new StringReader("")), terminal));

        String said = err.toString(StandardCharsets.UTF_8);
        assertThat(code).as(said).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).startsWith(printed);
        return said;
    }
}
