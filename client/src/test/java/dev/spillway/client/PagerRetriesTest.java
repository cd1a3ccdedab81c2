package dev.spillway.client;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.spillway.api.body.Pagers;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.codec.Json;
import dev.spillway.pager.DimensionOrder;
import dev.spillway.pager.ElementType;
import dev.spillway.pager.KeysAndValues;
import dev.spillway.pager.LogicalSequence;
import dev.spillway.pager.PageShape;
import dev.spillway.pager.PagerMeta;
import dev.spillway.pager.StatePool;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests which requests of a pager are sent again. The worker answers the first request, which describes the pager. It drops the connection of the
 * second one without an answer, and answers those after it.
 */
class PagerRetriesTest {
    private static final PagerMeta META = new PagerMeta(
            new ContentDigest("a1".repeat(32)),
            new PageShape(4, 2, 2, 4, ElementType.F32, DimensionOrder.NHD, KeysAndValues.SEPARATE),
            List.of(new StatePool("ssm", ElementType.F32, List.of(2L, 8L))));
    private static final Pagers.Pager PAGER = new Pagers.Pager("engine", META, META.layout(), 8, 8, 0, 4096, null, false, null);

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private byte[] answer = {};
    private HttpServer server;
    private SpillwayClient client;
    private RemoteCachePager pager;

    @BeforeEach
    void start() throws Exception {
        byte[] described = Json.strict().writeValueAsBytes(PAGER);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI().getRawPath());
            if (asked.size() == 2) {
                exchange.close();
            } else {
                send(exchange, asked.size() == 1 ? described : answer);
            }
        });
        server.start();
        client = SpillwayClient.builder().worker("127.0.0.1:" + server.getAddress().getPort()).retryFor(Duration.ofMinutes(1)).build();
        pager = client.pager("engine");
    }

    @AfterEach
    void stop() {
        client.close();
        server.stop(0);
    }

    private static void send(HttpExchange exchange, byte[] body) throws IOException {
        exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private void assertSentOnce(Executable change) {
        assertThatExceptionOfType(OutcomeUnknownException.class).isThrownBy(change::execute);
        assertThat(asked).hasSize(2);
    }

    private void assertSentAgain(Executable call) throws Throwable {
        call.execute();
        assertThat(asked).hasSize(3);
        assertThat(asked.get(2)).isEqualTo(asked.get(1));
    }

    @Test
    void pagesAreTakenOnce() {
        assertSentOnce(() -> pager.allocatePages(1));
    }

    @Test
    void pagesAreGivenBackOnceBecauseAnotherMayHaveThemThen() {
        assertSentOnce(() -> pager.freePages(List.of(1)));
    }

    @Test
    void aSequenceIsForkedOnce() {
        assertSentOnce(() -> pager.fork("a", "b"));
    }

    @Test
    void sequencesAreInstalledOnce() {
        assertSentOnce(() -> pager.installSequences(List.of(new LogicalSequence("a", List.of(1), 0))));
    }

    @Test
    void aSequenceIsRemovedOnce() {
        assertSentOnce(() -> pager.removeSequence("a"));
    }

    @Test
    void aPauseBeginsOnce() {
        assertSentOnce(pager::pause);
    }

    @Test
    void aCaptureIsAskedForOnce() {
        assertSentOnce(() -> pager.capture("kv", "a", ""));
    }

    @Test
    void aRestoreIsAskedForOnce() {
        assertSentOnce(() -> pager.restore("kv", "a"));
    }

    @Test
    void aPagerIsCreatedOnce() {
        assertSentOnce(() -> client.createPager(new Pagers.Create("engine", META, 8, null, null, null, null)));
    }

    @Test
    void aCloseOfUnknownOutcomeIsDoneAgainWhenItsCallerSaysSo() throws Throwable {
        assertSentOnce(pager::close);
        assertSentAgain(pager::close);
        pager.close();
        assertThat(asked).hasSize(3);
    }

    @Test
    void aPageIsReadAgain() throws Throwable {
        answer = new byte[512];
        ByteBuffer into = ByteBuffer.allocateDirect(512);
        assertSentAgain(() -> pager.readPage(1, into));
        assertThat(into.remaining()).isEqualTo(512);
    }

    @Test
    void aPageIsWrittenAgain() throws Throwable {
        assertSentAgain(() -> pager.writePage(1, ByteBuffer.allocateDirect(512)));
    }

    @Test
    void aStateIsReadAgain() throws Throwable {
        answer = new byte[64];
        assertSentAgain(() -> pager.readState("a", "ssm", ByteBuffer.allocate(64)));
    }

    @Test
    void aStateIsWrittenAgain() throws Throwable {
        assertSentAgain(() -> pager.writeState("a", "ssm", ByteBuffer.allocate(64)));
    }

    @Test
    void aPageIsMadeASequencesOwnAgain() throws Throwable {
        answer = Json.strict().writeValueAsBytes(new Pagers.Owned(3));
        assertSentAgain(() -> assertThat(pager.ownPage("a", 0)).isEqualTo(3));
    }

    @Test
    void aPauseIsEndedAgain() throws Throwable {
        assertSentAgain(pager::resume);
    }
}
