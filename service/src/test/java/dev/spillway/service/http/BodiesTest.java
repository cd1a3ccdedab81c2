package dev.spillway.service.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.events.codec.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests which bodies are accepted, and how others are answered. */
class BodiesTest {
    record Policy(String backend, @Nullable Long maxEntries, @Nullable Duration ttl, @Nullable List<Label> labels) {
        Policy {
            if (maxEntries != null && maxEntries < 1) {
                throw new IllegalArgumentException("maxEntries: " + maxEntries + " (expected: 1 or more)");
            }
        }
    }

    record Label(String name, int weight) {}

    private static final ObjectMapper JSON = Json.strict();
    private static RunningService service;

    @BeforeAll
    static void start() throws Exception {
        service = new RunningService(
                RunningService.put("/policies/{name}", Endpoint::json, request -> Response.ok(request.body(Policy.class))),
                RunningService.put("/events/{name}", Endpoint::json, request -> Response.ok(request.body(Policy.class, Json.tolerant()))),
                RunningService.put(
                        "/keyed/{name}",
                        Endpoint::json,
                        request -> Response.ok(request.header("Idempotency-Key").orElse("none"))),
                RunningService.put(
                        "/trees/{name}",
                        endpoint -> endpoint.json(64).stream(10_000, List.of("application/x-tar")),
                        request -> Response
                                .json(201, (request.isStreamed() ? request.stream().readAllBytes() : request.bytes()).length)
                                .header("Location", "/x")),
                RunningService.put(
                        "/kinds/{name}",
                        endpoint -> endpoint.json().stream(10, List.of("application/x-tar")),
                        request -> Response
                                .ok(
                                        request.mediaType() + " " + request.isStreamed() + " "
                                                + (request.isStreamed() ? request.stream().readAllBytes() : request.bytes()).length)),
                RunningService.post("/things/{id}/start", endpoint -> endpoint, request -> Response.noContent()),
                RunningService.get("/boom", request -> {
                    throw new IllegalStateException("SELECT secret FROM inside");
                }),
                RunningService.get("/busy", request -> {
                    throw new UnsupportedOperationException("queue: full");
                }),
                RunningService.get("/refused", request -> {
                    throw Problem.of(ProblemType.GENERATION_GONE, "generation: 3 (expected: 4)")
                            .retryAfter(Duration.ofSeconds(7))
                            .with("generation", "4")
                            .exception();
                }));
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    @Test
    void jsonBecomesARecordAndARecordJson() throws Exception {
        var answer = service.send(
                "PUT",
                "/policies/p",
                "application/json; charset=utf-8",
                "{\"backend\":\"directory\",\"maxEntries\":3,\"ttl\":\"PT10M\"}");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
        assertThat(JSON.readValue(answer.body(), Policy.class)).isEqualTo(new Policy("directory", 3L, Duration.ofMinutes(10), null));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            textBlock = """
                    {"backend":"d","maxEntry":3}                          ~ unknown-field  ~ maxEntry: unknown field (expected: backend, labels, maxEntries, ttl)
                    {"backend":"d","labels":[{"name":"a","weight":1,"wt":1}]} ~ unknown-field  ~ labels[0].wt: unknown field (expected: name, weight)
                    {"maxEntries":3}                                      ~ invalid-value  ~ backend: missing (expected: a text)
                    {"backend":null}                                      ~ invalid-value  ~ backend: null (expected: a text)
                    {"backend":7}                                         ~ invalid-value  ~ backend: 7 (expected: a text)
                    {"backend":"d","maxEntries":"many"}                   ~ invalid-value  ~ maxEntries: "many" (expected: a whole number of 64 bits)
                    {"backend":"d","maxEntries":1.5}                      ~ invalid-value  ~ maxEntries: 1.5 (expected: a whole number of 64 bits)
                    {"backend":"d","maxEntries":99999999999999999999}     ~ invalid-value  ~ maxEntries: 99999999999999999999 (expected: a whole number of 64 bits)
                    {"backend":"d","maxEntries":-3}                       ~ invalid-value  ~ maxEntries: -3 (expected: 1 or more)
                    {"backend":"d","ttl":"tomorrow"}                      ~ invalid-value  ~ ttl: "tomorrow" (expected: a duration such as PT10M)
                    {"backend":"d","labels":{}}                           ~ invalid-value  ~ labels: {} (expected: an array)
                    {"backend":"d","labels":[{"name":"a"}]}               ~ invalid-value  ~ labels[0].weight: missing (expected: a whole number of
                    {"backend":"d","labels":[{"name":"a","weight":9e9}]}  ~ invalid-value  ~ labels[0].weight: 9.0E9 (expected: a whole number of
                    []                                                    ~ invalid-value  ~ body: [] (expected: an object)
                    "text"                                                ~ invalid-value  ~ body: "text" (expected: an object)
                    null                                                  ~ malformed-body ~ body: null (expected: a JSON object)
                    {"backend":                                           ~ malformed-body ~ body: not JSON at line 1
                    {"backend":"d"} x                                     ~ malformed-body ~ body: not JSON at line 1
                    {"backend":"d","backend":"e"}                         ~ malformed-body ~ body: not JSON at line 1
                    """)
    void aBodyThatDoesNotFitIsRefusedByNameAndValue(String body, String slug, String detail) throws Exception {
        var answer = service.send("PUT", "/policies/p", "application/json", body);
        assertThat(answer.statusCode()).isEqualTo(400);
        var problem = JSON.readTree(answer.body());
        assertThat(problem.path("detail").asText()).contains(detail);
        assertThat(problem.path("type").asText()).isEqualTo("urn:spillway:problem:" + slug);
        assertThat(answer.body()).doesNotContain("dev.spillway").doesNotContain("com.fasterxml");
    }

    @Test
    void aMissingBodyIsNamed() throws Exception {
        var answer = service.client.send(
                HttpRequest.newBuilder(service.uri("/policies/p")).PUT(BodyPublishers.noBody()).build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("body: empty (expected: a JSON object)");
    }

    @Test
    void aTolerantMapperPassesOverWhatANewerSenderAdds() throws Exception {
        assertThat(service.send("PUT", "/events/p", "application/json", "{\"backend\":\"d\",\"addedLater\":1}").statusCode())
                .isEqualTo(200);
    }

    @Test
    void anotherMediaTypeIsRefused() throws Exception {
        var answer = service.send("PUT", "/policies/p", "text/plain", "{}");
        assertThat(answer.statusCode()).isEqualTo(415);
        assertThat(answer.body()).contains("Content-Type: text/plain (expected: application/json)");
    }

    @ParameterizedTest
    @CsvSource({"gzip, 415", "zstd, 415", "'', 415", "'identity, gzip', 415", "identity, 200", "Identity, 200"})
    void jsonInAContentEncodingIsRefused(String encoding, int status) throws Exception {
        var answer = service.client.send(
                HttpRequest.newBuilder(service.uri("/policies/p"))
                        .header("Content-Type", "application/json")
                        .header("Content-Encoding", encoding)
                        .PUT(BodyPublishers.ofString("{\"backend\":\"d\"}"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(status);
        if (status == 415) {
            assertThat(answer.body()).contains(
                    "urn:spillway:problem:unsupported-media-type",
                    "Content-Encoding: " + encoding + " (expected: identity)");
        }
    }

    @ParameterizedTest
    @CsvSource({
            "utf-16, 415",
            "'\"UTF-16\"', 415",
            "iso-8859-1, 415",
            "us-ascii, 415",
            "'', 415",
            "nothing, 415",
            "UTF-8, 200",
            "'\"utf-8\"', 200",
            "utf8, 200"})
    void jsonOfAnotherCharsetIsRefused(String charset, int status) throws Exception {
        for (var type : List.of("application/json;charset=", "application/json; Charset=", "Application/JSON; a=b ; charset=")) {
            var answer = service.send("PUT", "/policies/p", type + charset, "{\"backend\":\"d\"}");
            assertThat(answer.statusCode()).as(type + charset).isEqualTo(status);
            if (status == 415) {
                assertThat(answer.body()).contains("urn:spillway:problem:unsupported-media-type", "(expected: utf-8)");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16", "UTF-16BE", "UTF-16LE", "UTF-32BE", "ISO-8859-1"})
    void jsonThatIsNotUtf8IsRefused(String charset) throws Exception {
        var answer = service.client.send(
                HttpRequest.newBuilder(service.uri("/policies/p"))
                        .header("Content-Type", "application/json")
                        .PUT(BodyPublishers.ofString("{\"backend\":\"\u00e9\"}", Charset.forName(charset)))
                        .build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("urn:spillway:problem:malformed-body", "body: not ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"c0af", "eda080", "e9", "f4908080"})
    void bytesThatAreNotUtf8InATextAreRefused(String hex) throws Exception {
        var body = new ByteArrayOutputStream();
        body.writeBytes("{\"backend\":\"".getBytes(StandardCharsets.UTF_8));
        body.writeBytes(HexFormat.of().parseHex(hex));
        body.writeBytes("\"}".getBytes(StandardCharsets.UTF_8));
        var answer = service.client.send(
                HttpRequest.newBuilder(service.uri("/policies/p"))
                        .header("Content-Type", "application/json")
                        .PUT(BodyPublishers.ofByteArray(body.toByteArray()))
                        .build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("urn:spillway:problem:malformed-body", "body: not ");
    }

    @ParameterizedTest
    @CsvSource({"Content-Type, application/json", "Content-Encoding, identity", "Idempotency-Key, second"})
    void aHeaderThatIsGivenTwiceIsRefused(String name, String second) throws IOException {
        assertThat(
                service.raw(
                        "PUT /keyed/p HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Encoding: identity\r\n"
                                + "Idempotency-Key: first\r\n" + name + ": " + second + "\r\nContent-Length: 2\r\n\r\n{}"))
                .startsWith("HTTP/1.1 400")
                .contains("urn:spillway:problem:invalid-value", name + ": given twice (expected: once)");
    }

    @Test
    void aBodyWhereNoneIsExpectedIsRefused() throws Exception {
        var answer = service.send("POST", "/things/1/start", "application/json", "{}");
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("urn:spillway:problem:unexpected-body");
    }

    @Test
    void aBodyBeyondTheServicesLimitIsRefusedAndTheConnectionLivesOn() throws IOException {
        var large = "x".repeat(5_000);
        try (var socket = service.connect()) {
            var out = socket.getOutputStream();
            out.write(
                    ("PUT /policies/p HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n" + large)
                            .getBytes(StandardCharsets.UTF_8));
            assertThat(RunningService.readUntil(socket.getInputStream(), "}")).startsWith("HTTP/1.1 413").contains("body: over 1024 bytes");
            out.write("GET /livez HTTP/1.1\r\nHost: t\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            assertThat(RunningService.readUntil(socket.getInputStream(), "}")).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void aChunkedBodyIsStoppedAtTheLimit() throws IOException {
        var chunk = "400\r\n" + "x".repeat(0x400) + "\r\n";
        assertThat(
                service.raw(
                        "PUT /policies/p HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                                + chunk + chunk + chunk + "0\r\n\r\n"))
                .startsWith("HTTP/1.1 413");
    }

    @Test
    void aChunkedBodyThatIsWholeAndOverTheLimitEndsTheConnectionToo() throws IOException {
        var chunk = "400\r\n" + " ".repeat(0x400) + "\r\n";
        for (var path : List.of("/policies/p", "/trees/t")) {
            assertThat(
                    service.raw(
                            "PUT " + path + " HTTP/1.1\r\nHost: t\r\nContent-Type: "
                                    + (path.equals("/trees/t") ? "application/x-tar" : "application/json")
                                    + "\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    + chunk.repeat(20) + "0\r\n\r\n"))
                    .as(path)
                    .startsWith("HTTP/1.1 413")
                    .containsIgnoringCase("connection: close");
        }
    }

    /** A chunked body has no known length. So the answer says that the connection ends, and the client sends no more than is under way. */
    @ParameterizedTest
    @CsvSource({"/trees/t, application/x-tar", "/policies/p, application/json", "/policies/p, text/plain", "/nowhere, text/plain"})
    void aChunkedBodyIsRefusedAtItsLimitAndItsConnectionEnds(String path, String type) throws IOException {
        var chunk = ("8000\r\n" + " ".repeat(0x8000) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        try (var socket = service.connect()) {
            socket.setSoTimeout(20_000);
            socket.setSendBufferSize(chunk.length);
            var out = socket.getOutputStream();
            var in = socket.getInputStream();
            out.write(
                    ("PUT " + path + " HTTP/1.1\r\nHost: t\r\nContent-Type: " + type + "\r\nTransfer-Encoding: chunked\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            long sent = 0;
            while (in.available() == 0 && sent < 80L << 20) {
                out.write(chunk);
                sent += chunk.length;
            }
            assertThat(sent).isLessThan(16L << 20);
            assertThat(RunningService.readUntil(in, "}")).startsWith("HTTP/1.1 4").containsIgnoringCase("connection: close");
            assertThat(in.read()).as("orderly end, because nothing more is sent").isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"zz\r\n{}\r\n0\r\n\r\n", "-1\r\n{}\r\n", "2\r\n{}\r\nfour\r\n", "2\r\n{}X5\r\n"})
    void aBodyInBrokenChunksIsAnsweredAndEndsTheConnection(String chunks) throws IOException {
        for (var mediaType : List.of("application/json", "application/x-tar")) {
            var path = mediaType.equals("application/json") ? "/policies/p" : "/trees/t";
            var answer = service.raw(
                    "PUT " + path + " HTTP/1.1\r\nHost: t\r\nContent-Type: " + mediaType
                            + "\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
            assertThat(answer).as(path)
                    .startsWith("HTTP/1.1 400")
                    .containsIgnoringCase("connection: close")
                    .contains("urn:spillway:problem:malformed-request", "in whole chunks)");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "banana",
                    "gzip, chunked",
                    "chunked, chunked",
                    "identity",
                    "",
                    "xchunked",
                    "chunked;q=1",
                    "chunked\r\nTransfer-Encoding: chunked",
                    "chunked\r\nTransfer-Encoding: gzip"})
    void aBodyInAnotherTransferEncodingIsAnsweredAndNothingAfterItIsRun(String encoding) throws IOException {
        var answer = service.raw(
                "PUT /policies/p HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: " + encoding
                        + "\r\n\r\nGET /livez HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 501")
                .containsIgnoringCase("connection: close")
                .contains("urn:spillway:problem:unsupported-transfer-encoding", "Transfer-Encoding: ", " (expected: chunked, once)");
        assertThat(answer.split("HTTP/1.1 ", -1)).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PUT /nowhere", "POST /policies/p", "PUT nowhere"})
    void anotherTransferEncodingIsAnsweredWhereNoRouteIsToo(String request) throws IOException {
        for (var headers : List.of("Host: t\r\nTransfer-Encoding: banana", "Host: t\r\nHost: t\r\nContent-Length: 0")) {
            var answer = service.raw(
                    request + " HTTP/1.1\r\n" + headers
                            + "\r\n\r\nGET /livez HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
            assertThat(answer).startsWith(headers.contains("banana") ? "HTTP/1.1 501" : "HTTP/1.1 400")
                    .containsIgnoringCase("connection: close");
            assertThat(answer.split("HTTP/1.1 ", -1)).hasSize(2);
        }
    }

    @Test
    void anExpectationWithoutABodyEndsNoConnection() throws IOException {
        try (var socket = service.connect()) {
            socket.setSoTimeout(20_000);
            for (var target : List.of("/livez", "/nowhere", "/livez")) {
                socket.getOutputStream()
                        .write(("GET " + target + " HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\n\r\n").getBytes(StandardCharsets.UTF_8));
                assertThat(RunningService.readUntil(socket.getInputStream(), "}")).startsWith("HTTP/1.1 ")
                        .doesNotContainIgnoringCase("connection: close");
            }
        }
    }

    @Test
    void aTransferEncodingOfAnOlderVersionIsAnsweredAndNothingAfterItIsRun() throws IOException {
        var next = "GET /livez HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
        var answer =
                service.raw("PUT /policies/p HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + next);
        assertThat(answer).startsWith("HTTP/1.0 400");
        assertThat(answer.split("HTTP/1\\.[01] ", -1)).hasSize(2);
    }

    @Test
    void theNameOfTheTransferEncodingHasNoCase() throws IOException {
        assertThat(
                service.raw(
                        "PUT /policies/p HTTP/1.1\r\nHost: t\r\nContent-Type: text/plain\r\nConnection: close\r\nTransfer-Encoding: Chunked \r\n\r\n0\r\n\r\n"))
                .startsWith("HTTP/1.1 415");
    }

    @Test
    void brokenChunksAfterAnAnswerEndTheConnection() throws IOException {
        try (var socket = service.connect()) {
            var out = socket.getOutputStream();
            out.write("GET /livez HTTP/1.1\r\nHost: t\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            assertThat(RunningService.readUntil(socket.getInputStream(), "}")).startsWith("HTTP/1.1 200");
            out.write(
                    "PUT /policies/p HTTP/1.1\r\nHost: t\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                            .getBytes(StandardCharsets.UTF_8));
            assertThat(RunningService.readUntil(socket.getInputStream(), "}")).startsWith("HTTP/1.1 415");
            out.write("zz\r\n".getBytes(StandardCharsets.UTF_8));
            assertThat(socket.getInputStream().read()).as("closed without a further answer").isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @CsvSource({"PUT /policies/p, 413", "PUT /nowhere, 404", "POST /policies/p, 405", "PUT nowhere, 400", "PUT /policies/p?unknown, 400"})
    void aClientThatAsksFirstIsRefusedBeforeItSendsAndItsConnectionEnds(String request, int status) throws IOException {
        try (var socket = service.connect()) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write(
                            (request
                                    + " HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n")
                                    .getBytes(StandardCharsets.UTF_8));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).startsWith("HTTP/1.1 " + status)
                    .containsIgnoringCase("connection: close");
        }
    }

    @ParameterizedTest
    @CsvSource({"PUT /policies/p, 415", "PUT /nowhere, 404", "POST /policies/p, 405", "PUT nowhere, 400", "GET /livez, 400"})
    void aBodyThatIsRefusedIsReadOnlyUpToABound(String request, int status) throws Exception {
        try (var socket = service.connect()) {
            socket.setSoTimeout(20_000);
            var out = socket.getOutputStream();
            out.write(
                    (request + " HTTP/1.1\r\nHost: t\r\nContent-Type: text/plain\r\nContent-Length: 1000000000000\r\n\r\n")
                            .getBytes(StandardCharsets.UTF_8));
            long sent = 0;
            try {
                while (sent < 1L << 30) {
                    out.write(new byte[1 << 16]);
                    sent += 1 << 16;
                }
            } catch (IOException e) {
                assertThat(RunningService.readUntil(socket.getInputStream(), "}")).startsWith("HTTP/1.1 " + status);
            }
            assertThat(sent).isLessThan(64L << 20);
        }
    }

    @Test
    void aLargeBodyThatIsRefusedBeforeItIsLookedAtLeavesTheConnectionInUse() throws IOException {
        for (var target : List.of("/policies/p", "/policies/%FF", "/policies/p?unknown=1", "/nowhere", "/boom", "nowhere")) {
            try (var socket = service.connect()) {
                socket.setSoTimeout(20_000);
                var out = socket.getOutputStream();
                out.write(
                        ("PUT " + target + " HTTP/1.1\r\nHost: t\r\nContent-Type: text/plain\r\nContent-Length: 8000000\r\n\r\n")
                                .getBytes(StandardCharsets.UTF_8));
                out.write(new byte[8_000_000]);
                out.write("GET /livez HTTP/1.1\r\nHost: t\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                assertThat(RunningService.readUntil(socket.getInputStream(), "}")).as(target).startsWith("HTTP/1.1 4");
                assertThat(RunningService.readUntil(socket.getInputStream(), "}")).as(target).startsWith("HTTP/1.1 200");
            }
        }
    }

    @Test
    void aHandlerThatRefusesBeforeItReadsIsAnsweredInsteadOfContinue() throws IOException {
        try (var refusing = new RunningService(
                RunningService.put("/trees/{name}", endpoint -> endpoint.stream(1L << 30, List.of(Endpoint.ANY)), request -> {
                    throw Problem.of(ProblemType.UNKNOWN_NAMESPACE, "namespace: n (expected: a namespace that was created)").exception();
                })); var socket = refusing.connect()) {
            socket.getOutputStream()
                    .write(
                            "PUT /trees/t HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 20971520\r\n\r\n"
                                    .getBytes(StandardCharsets.UTF_8));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).startsWith("HTTP/1.1 404")
                    .containsIgnoringCase("connection: close");
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            textBlock = """
                    {"maxEntries":5                ~ it ends in the middle
                    {"backend":"d"} x              ~ an unexpected character or word
                    {"backend":"d"} {}             ~ something follows the value
                    {"backend":"d","backend":"e"}  ~ field backend came twice
                    """)
    void whatIsNotJsonIsSaidInPlainWords(String body, String detail) throws Exception {
        assertPlain(body, detail);
    }

    @Test
    void deepNestingIsRefusedWithItsBound() throws Exception {
        int most = JSON.getFactory().streamReadConstraints().getMaxNestingDepth();
        assertPlain("[".repeat(most + 1), "nested deeper than " + most);
    }

    private static void assertPlain(String body, String detail) throws Exception {
        var answer = service.send("PUT", "/policies/p", "application/json", body);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(JSON.readTree(answer.body()).path("detail").asText()).contains(detail)
                .doesNotContain("Feature", "Source", "StreamRead", "Constraints", "ObjectNode", "token");
    }

    @Test
    void anEmptyBodyOfAStreamedTypeIsAnEmptyStream() throws Exception {
        assertThat(service.send("PUT", "/kinds/t", "application/x-tar", "").body()).isEqualTo("\"application/x-tar true 0\"");
        assertThat(service.send("PUT", "/kinds/t", "application/json", "").body()).isEqualTo("\" false 0\"");
    }

    @Test
    void aRouteHasLimitsOfItsOwnForWhatItGathersAndWhatItStreams() throws Exception {
        assertThat(service.send("PUT", "/trees/t", "application/json", "\"" + "x".repeat(62) + "\"").body()).isEqualTo("64");
        assertThat(service.send("PUT", "/trees/t", "application/json", "\"" + "x".repeat(63) + "\"").statusCode()).isEqualTo(413);
        assertThat(service.send("PUT", "/trees/t", "application/x-tar", "x".repeat(10_000)).body()).isEqualTo("10000");
        assertThat(service.send("PUT", "/trees/t", "application/x-tar", "x".repeat(10_001)).statusCode()).isEqualTo(413);
        assertThat(service.send("PUT", "/trees/t", "application/zip", "x").body()).contains("application/json or application/x-tar");
    }

    @Test
    void statusAndHeadersAreTheHandlers() throws Exception {
        var answer = service.send("PUT", "/trees/t", "application/json", "1");
        assertThat(answer.statusCode()).isEqualTo(201);
        assertThat(answer.headers().firstValue("Location")).contains("/x");
    }

    @Test
    void aProblemCarriesWhatTheHandlerSaid() throws Exception {
        var answer = service.get("/refused");
        assertThat(answer.statusCode()).isEqualTo(409);
        assertThat(answer.headers().firstValue("Retry-After")).contains("7");
        assertThat(Problem.read(JSON, 409, answer.body().getBytes(StandardCharsets.UTF_8), Optional.of(Duration.ofSeconds(7))))
                .isEqualTo(
                        Problem.of(ProblemType.GENERATION_GONE, "generation: 3 (expected: 4)")
                                .retryAfter(Duration.ofSeconds(7))
                                .with("generation", "4"));
    }

    @Test
    void anExceptionThatTheServiceExplainsIsItsProblem() throws Exception {
        var answer = service.get("/busy");
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.headers().firstValue("Retry-After")).contains("3");
        assertThat(answer.body()).contains("urn:spillway:problem:busy", "queue: full");
    }

    @Test
    void anUnexpectedExceptionIsToldByAnIdThatTheLogExplains() throws Exception {
        var log = new ByteArrayOutputStream();
        var before = System.err;
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try {
            var answer = service.get("/boom");
            assertThat(answer.statusCode()).isEqualTo(500);
            assertThat(answer.body()).doesNotContain("SELECT").doesNotContain("IllegalState");
            var errorId = JSON.readTree(answer.body()).path("errorId").asText();
            assertThat(log.toString(StandardCharsets.UTF_8)).contains("error id " + errorId)
                    .contains("SELECT secret FROM inside")
                    .contains("at dev.spillway.service.http.BodiesTest");
        } finally {
            System.setErr(before);
        }
    }
}
