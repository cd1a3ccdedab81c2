package dev.spillway.service.http;

import dev.spillway.events.InvalidValueException;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests which keys and parameters reach a handler over a real connection. */
class RoutingTest {
    private static RunningService service;

    @BeforeAll
    static void start() throws Exception {
        service = new RunningService(
                RunningService.get(
                        "/v1/namespaces/{ns}/entries/{key}",
                        request -> text(request.parameter("ns") + "|" + request.parameter("key"))),
                RunningService.delete("/v1/namespaces/{ns}/entries/{key}", request -> Response.noContent()),
                RunningService.get("/v1/namespaces/{ns}/entries", request -> text("list")),
                RunningService.get("/v1/namespaces/{ns}/entries/{key}/pin", request -> text("pin of " + request.parameter("key"))),
                RunningService.get("/v1/hosts/all", request -> text("all")),
                RunningService.get("/v1/hosts/{id}", request -> text(request.parameter("id", RoutingTest::whole).toString())),
                RunningService.get(
                        "/query",
                        List.of("limit", "touch", "after", "hold"),
                        request -> text(
                                request.query().number("limit", 1, 10).orElse(5L) + "|"
                                        + request.query().flag("touch").orElse(true) + "|"
                                        + request.query().text("after").orElse("-") + "|"
                                        + request.query().duration("hold", Duration.ofDays(1)).orElse(Duration.ZERO))),
                RunningService.get(
                        "/value",
                        List.of("id"),
                        request -> text("" + request.query().value("id", RoutingTest::whole).orElse(0))));
    }

    @AfterAll
    static void stop() {
        service.close();
    }

    private static int whole(String text) {
        if (!text.matches("[0-9]{1,9}")) {
            throw new InvalidValueException("number", text, "digits");
        }
        return Integer.parseInt(text);
    }

    private static Response text(String text) {
        return Response.bytes("text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    private static String body(String answer) {
        return answer.substring(answer.indexOf("\r\n\r\n") + 4);
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            a%2Fb, a/b
            a%2F..%2Fb, a/../b
            %2E%2E, ..
            .., ..
            ., .
            %2e, .
            %252F, %2F
            %25, %
            a%20b, a b
            a+b, a+b
            a;b=c, a;b=c
            a:b@c, a:b@c
            %C3%A9%F0%9F%90%98, é🐘
            %5C..%5C, \\..\\
            """)
    void aKeyArrivesDecodedExactlyOnce(String sent, String key) throws IOException {
        assertThat(body(service.rawGet("/v1/namespaces/n/entries/" + sent))).isEqualTo("n|" + key);
    }

    @Test
    void anEmptyKeyReachesTheHandlerWhichNamesIt() throws IOException {
        assertThat(body(service.rawGet("/v1/namespaces/n/entries/"))).isEqualTo("n|");
    }

    @Test
    void aKeyOf1024BytesFitsEvenWhenEachByteIsEncoded() throws Exception {
        var key = "é".repeat(512);
        var encoded = URLEncoder.encode(key, StandardCharsets.UTF_8);
        assertThat(encoded).hasSize(3072);
        assertThat(service.get("/v1/namespaces/n/entries/" + encoded).body()).isEqualTo("n|" + key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "a%2", "%zz", "%FF", "%C3", "%ED%A0%80", "%C0%AF", "caf\u00e9"})
    void whatIsNotPercentEncodedUtf8IsRefused(String sent) throws IOException {
        assertThat(service.rawGet("/v1/namespaces/n/entries/" + sent)).startsWith("HTTP/1.1 400")
                .contains("urn:spillway:problem:malformed-path")
                .contains("key: ");
    }

    @Test
    void aRequestLineBeyondTheBoundIsRefused() throws IOException {
        assertThat(service.rawGet("/v1/" + "a".repeat(20_000))).contains(" 414 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                    "GET /livez HTTP/3.0\r\nHost: t\r\n\r\n",
                    "GET /livez HTTP/1.7\r\nHost: t\r\n\r\n"})
    void anotherVersionOfHttpIsRefused(String request) throws IOException {
        assertThat(service.raw(request)).contains(" 501 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "X-Host: a\r\n", "Host: a\r\nHost: a\r\n", "Host: a\r\nhost: b\r\n"})
    void aRequestNamesOneHost(String headers) throws IOException {
        assertThat(service.raw("GET /livez HTTP/1.1\r\n" + headers + "\r\n")).startsWith("HTTP/1.1 400")
                .containsIgnoringCase("connection: close")
                .contains("urn:spillway:problem:malformed-request");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "Host: evil.example\r\n",
                    "Host: 127.0.0.1.evil.example:7070\r\n",
                    "Host: localhost.evil.example\r\n",
                    "Host: localhost:1\r\nSec-Fetch-Site: cross-site\r\n",
                    "Host: localhost:1\r\nOrigin: http://evil.example\r\n",
                    "Host: localhost:1\r\nOrigin: null\r\n",
                    "Host: localhost:1\r\nOrigin: http://localhost:2\r\n"})
    void aWebPageOfAnotherIsRefused(String headers) throws IOException {
        String status = headers.startsWith("Host: localhost:1") ? "403" : "421";
        for (String path : List.of("/v1/hosts/all", "/v1/hosts/nothing/here")) {
            assertThat(service.raw("GET " + path + " HTTP/1.1\r\nConnection: close\r\n" + headers + "\r\n"))
                    .startsWith("HTTP/1.1 " + status)
                    .contains("urn:spillway:problem:other-");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "Host: 127.0.0.1:7070",
                    "Host: [::1]:7070",
                    "Host: localhost",
                    "Host: coordinator:7070",
                    "Host: A.localhost:1",
                    "Host: localhost.localdomain:1",
                    "Host: localhost.",
                    "Host: localhost:1\r\nOrigin: http://localhost:1"})
    void aServiceIsAskedByItsAddressOrALocalName(String headers) throws IOException {
        assertThat(service.raw("GET /v1/hosts/all HTTP/1.1\r\nConnection: close\r\n" + headers + "\r\n\r\n")).startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /livez HTTP/1.0\r\n\r\n", "GET /livez HTTP/1.1\r\nConnection: close\r\nHost:\r\n\r\n"})
    void aHostThatIsEmptyOrOfAnOlderVersionMissingIsTaken(String request) throws IOException {
        assertThat(service.raw(request)).contains(" 200 ");
    }

    @Test
    void aRefusalWaitsForTheAnswersBeforeIt() throws Exception {
        var begun = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        try (var slow = new RunningService(RunningService.get("/slow", request -> {
            begun.countDown();
            goOn.await();
            return text("slow");
        })); var socket = slow.connect()) {
            socket.getOutputStream()
                    .write(
                            "GET /slow HTTP/1.1\r\nHost: t\r\n\r\nGET /livez HTTP/1.1\r\n\r\nGET /livez HTTP/1.1\r\nHost: t\r\n\r\n"
                                    .getBytes(StandardCharsets.UTF_8));
            begun.await();
            assertThat(slow.get("/livez").statusCode()).isEqualTo(200);
            goOn.countDown();
            var answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answers).startsWith("HTTP/1.1 200");
            assertThat(answers.split("HTTP/1.1 ", -1)).hasSize(3);
            assertThat(answers.substring(answers.lastIndexOf("HTTP/1.1 "))).startsWith("HTTP/1.1 400");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"OPTIONS *", "GET *", "GET foo"})
    void aPathThatBeginsWithNoSlashIsRefused(String request) throws Exception {
        assertThat(service.raw(request + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")).startsWith("HTTP/1.1 400")
                .contains("malformed-path");
    }

    @Test
    void headersBeyondTheBoundAreRefused() throws IOException {
        assertThat(service.raw("GET /v1/hosts/all HTTP/1.1\r\nHost: test\r\nX-Long: " + "a".repeat(20_000) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431");
        assertThat(service.raw("GET /v1/hosts/all HTTP/1.1\r\nHost: test\r\n" + "a:\r\n".repeat(10_000) + "\r\n")).as("too many headers")
                .startsWith("HTTP/1.1 431");
    }

    @Test
    void anUnknownPathIsAProblem() throws Exception {
        var answer = service.get("/v1/nowhere");
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        assertThat(answer.body()).contains("\"type\":\"urn:spillway:problem:unknown-path\"")
                .contains("\"status\":404")
                .contains("path: /v1/nowhere (expected: a path of test, see /openapi.yaml)")
                .contains("\"service\":\"test\"");
    }

    @Test
    void aWrongMethodIsToldWhichOnesThereAre() throws Exception {
        var answer = service.send("PATCH", "/v1/namespaces/n/entries/k", "application/json", "{}");
        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.headers().firstValue("Allow")).contains("DELETE, GET, HEAD");
        assertThat(answer.body()).contains("method: PATCH (expected: DELETE, GET, HEAD)");
    }

    @Test
    void headIsGetWithoutTheBody() throws Exception {
        var answer = service.raw("HEAD /v1/hosts/all HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 200").containsIgnoringCase("content-length: 3\r\n").endsWith("\r\n\r\n");
    }

    @Test
    void noContentCarriesNoLength() throws Exception {
        var answer = service.raw("DELETE /v1/namespaces/n/entries/k HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 204").doesNotContainIgnoringCase("content-length").endsWith("\r\n\r\n");
    }

    @Test
    void aLiteralSegmentWinsOverAParameterAndASubresourceOverNothing() throws Exception {
        assertThat(service.get("/v1/hosts/all").body()).isEqualTo("all");
        assertThat(service.get("/v1/namespaces/n/entries/a%2Fpin/pin").body()).isEqualTo("pin of a/pin");
        assertThat(service.get("/v1/namespaces/n/entries/a%2Fpin").body()).isEqualTo("n|a/pin");
    }

    @Test
    void aParameterThatItsReaderRefusesIsNamed() throws Exception {
        var answer = service.get("/v1/hosts/x");
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("number: x (expected: digits)");
    }

    @Test
    void aValueOfTheQueryThatItsReaderRefusesIsNamedByItsParameter() throws Exception {
        assertThat(service.get("/value?id=12").body()).isEqualTo("12");
        var answer = service.get("/value?id=x");
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("id: x (expected: digits)");
    }

    @Test
    void aTargetSentAsAWholeUriIsTheSame() throws Exception {
        assertThat(body(service.rawGet("http://test/v1/hosts/all"))).isEqualTo("all");
    }

    @Test
    void theQueryIsTypedAndDecodedOnce() throws Exception {
        assertThat(service.get("/query?limit=7&touch=false&after=a%252Fb+c&hold=PT10M").body())
                .isEqualTo("7|false|a%2Fb c|PT10M");
        assertThat(service.get("/query?touch").body()).isEqualTo("5|true|-|PT0S");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            limt=3;             limt: unknown query parameter (expected: limit, touch, after, hold)
            limit=0;            limit: 0 (expected: a whole number of 1 to 10)
            limit=x;            limit: x (expected: a whole number of 1 to 10)
            limit=%2B5;         limit: +5 (expected: a whole number of 1 to 10)
            limit=%D9%A5;       limit: ٥ (expected: a whole number of 1 to 10)
            limit=;             limit:  (expected: a whole number of 1 to 10)
            hold=pt5s;          hold: pt5s (expected: a duration such as 10s, 5m or PT10S)
            hold=PT%2B5S;       hold: PT+5S (expected: a duration such as 10s, 5m or PT10S)
            hold=PT1H-5M;       hold: PT1H-5M (expected: a duration such as 10s, 5m or PT10S)
            limit=1&limit=2;    limit: given twice (expected: once)
            touch=yes;          touch: yes (expected: true or false)
            hold=-PT1S;         hold: -PT1S (expected: a duration such as 10s, 5m or PT10S)
            id=x;               id: unknown query parameter (expected: limit, touch, after, hold)
            after=%FF;          query: %FF: not UTF-8 once decoded
            """)
    void aQueryThatIsNotAskedForIsRefused(String query, String detail) throws Exception {
        var answer = service.get("/query?" + query);
        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains(detail);
    }
}
