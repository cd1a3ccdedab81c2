package dev.spillway.service.http;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.api.Role;
import dev.spillway.events.HostId;
import dev.spillway.events.NamespaceName;
import dev.spillway.service.identity.AccessToken;
import dev.spillway.service.identity.Identity;
import dev.spillway.service.tracing.Tracing;
import dev.spillway.testservers.OtlpReceiver;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class GuardTest {
    private static final ListenerSecurity TOKENS = new ListenerSecurity(true, false, Optional.empty());

    private final Map<String, Identity> known = new ConcurrentHashMap<>();
    private final AtomicInteger looks = new AtomicInteger();
    private volatile boolean away;
    private final AtomicInteger handled = new AtomicInteger();
    private RunningService service;

    @BeforeEach
    void start() throws Exception {
        Endpoint.Handler counted = request -> {
            handled.incrementAndGet();
            return Response.ok(Map.of());
        };
        Operation get = Operation.read("GET", "/things/{namespace}/{key}");
        service = new RunningService(
                TOKENS,
                this::find,
                Endpoint.of(get, counted),
                RunningService.get("/things", List.of("namespace"), counted),
                Endpoint.of(Operation.change("PUT", get.template()), request -> {
                    handled.incrementAndGet();
                    return Response.ok(Map.of("bytes", request.stream().readAllBytes().length));
                }).stream(64 << 20, List.of(Endpoint.ANY)),
                Endpoint.of(Operation.change("POST", "/hosts/{host}").only(Role.HOST), counted),
                Endpoint.of(Operation.change("DELETE", get.template()).passedOnByHosts(), request -> {
                    handled.incrementAndGet();
                    return Response.ok(Map.of("caller", request.caller()));
                }),
                Endpoint.of(Operation.change("POST", "/policies").only(Role.OPERATOR), counted).json(),
                Endpoint.of(get.only(Role.READER), request -> Response.ok(Map.of()))
                        .immediately(request -> Optional.of(Response.ok(Map.of()))),
                RunningService.get("/events", request -> Response.events(events -> {
                    events.send("1", "first", Map.of());
                    new CountDownLatch(1).await();
                })));
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private Optional<Identity> find(String digest) {
        looks.incrementAndGet();
        if (away) {
            throw Problem.of(ProblemType.REGISTRY_UNAVAILABLE, "nobody knows").exception();
        }
        return Optional.ofNullable(known.get(digest));
    }

    private String token(Role role, String... namespaces) {
        String token = AccessToken.mint(new SecureRandom());
        Set<NamespaceName> only = Set.copyOf(List.of(namespaces).stream().map(NamespaceName::new).toList());
        known.put(
                AccessToken.digest(token),
                new Identity("of-a-test-" + role, role, only, role == Role.HOST ? new HostId("host-1") : null));
        return token;
    }

    private HttpResponse<String> send(String method, String path, String authorization, byte[] body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(service.uri(path)).method(method, BodyPublishers.ofByteArray(body));
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        }
        return service.client.send(request.build(), BodyHandlers.ofString());
    }

    private int status(String method, String path, String token) throws IOException, InterruptedException {
        return send(method, path, "Bearer " + token, method.equals("PUT") ? new byte[1] : new byte[0]).statusCode();
    }

    @Test
    void whoHasNoTokenGetsAChallengeAndNothingIsDone() throws Exception {
        String stranger = AccessToken.mint(new SecureRandom());
        for (String authorization : List.of("", "Bearer", "Bearer " + stranger, "Basic !", "Basic bm8=", "Digest x")) {
            HttpResponse<String> answer = send("GET", "/things", authorization, new byte[0]);
            assertThat(answer.statusCode()).as(authorization).isEqualTo(401);
            assertThat(answer.headers().firstValue("WWW-Authenticate")).hasValue("Bearer realm=\"spillway\"");
            assertThat(answer.body()).contains("urn:spillway:problem:unauthenticated").doesNotContain(stranger);
        }
        assertThat(handled).hasValue(0);
        assertThat(service.get("/livez").statusCode()).isEqualTo(200);
        assertThat(service.get("/metrics").statusCode()).isEqualTo(401);
    }

    /** A request with two tokens is refused, because a proxy in front may have checked the other one. */
    @Test
    void ofTwoTokensNoneLetsIn() throws Exception {
        String reader = "Authorization: Bearer " + token(Role.READER) + "\r\n";
        for (String second : List.of("Authorization: Bearer " + token(Role.OPERATOR) + "\r\n", reader, "Authorization: Digest x\r\n")) {
            assertThat(service.raw("GET /things HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" + reader + second + "\r\n")).as(second)
                    .startsWith("HTTP/1.1 401 ")
                    .contains("Authorization: not one token");
        }
        assertThat(handled).hasValue(0);
    }

    @Test
    void aTokenLetsItsRoleInAndNoMore() throws Exception {
        String reader = token(Role.READER);
        String writer = token(Role.WRITER);
        String operator = token(Role.OPERATOR);
        String host = token(Role.HOST);
        assertThat(status("GET", "/things/images/k", reader)).isEqualTo(200);
        assertThat(status("GET", "/metrics", reader)).isEqualTo(200);
        assertThat(status("PUT", "/things/images/k", reader)).isEqualTo(403);
        assertThat(status("PUT", "/things/images/k", host)).isEqualTo(403);
        assertThat(status("PUT", "/things/images/k", writer)).isEqualTo(200);
        assertThat(status("POST", "/policies", writer)).isEqualTo(403);
        assertThat(status("POST", "/policies", operator)).isEqualTo(200);
        assertThat(status("POST", "/hosts/host-1", operator)).isEqualTo(403);
        assertThat(status("POST", "/hosts/host-1", host)).isEqualTo(200);
        assertThat(status("POST", "/hosts/host-2", host)).as("another host").isEqualTo(403);
    }

    /** The deadline only bounds a hang. A test with a fleet measures how soon a revoked token ends. */
    @Test
    void aTokenThatIsRevokedEndsAlthoughItIsShownAgainAndAgain() throws Exception {
        String token = token(Role.READER);
        assertThat(status("GET", "/things/images/k", token)).isEqualTo(200);
        assertThat(status("GET", "/things/images/k", token)).isEqualTo(200);
        assertThat(looks).as("the result of a lookup is kept for a moment").hasValue(1);
        known.clear();
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (status("GET", "/things/images/k", token) == 200) {
            assertThat(System.nanoTime()).as("still accepted").isLessThan(deadline);
        }
        assertThat(looks).hasValueGreaterThan(1);
    }

    @Test
    void whatAHostPassesOnIsDoneByItsClientOrNotAtAll() throws Exception {
        String host = token(Role.HOST);
        String writer = token(Role.WRITER, "images");
        HttpResponse<String> done = passedOn(host, "/things/images/k", writer);
        assertThat(done.statusCode()).isEqualTo(200);
        assertThat(done.body()).contains("of-a-test-WRITER");
        assertThat(passedOn(host, "/things/images/k").body()).contains("urn:spillway:problem:forbidden", "Spillway-Client-Token: 0");
        assertThat(passedOn(host, "/things/images/k", writer, writer).statusCode()).as("two client tokens").isEqualTo(403);
        assertThat(passedOn(host, "/things/others/k", writer).statusCode()).as("another namespace").isEqualTo(403);
        for (String cannot : List.of(token(Role.READER), token(Role.PEER), host)) {
            assertThat(passedOn(host, "/things/images/k", cannot).statusCode()).isEqualTo(403);
        }
        String stranger = AccessToken.mint(new SecureRandom());
        HttpResponse<String> unknown = passedOn(host, "/things/images/k", stranger);
        assertThat(unknown.statusCode()).as("a client token that was revoked after the worker checked it").isEqualTo(401);
        assertThat(unknown.body()).doesNotContain(stranger);
        assertThat(passedOn(writer, "/things/images/k", stranger).statusCode()).as("only a host's header counts").isEqualTo(200);
        assertThat(passedOn(token(Role.READER), "/things/images/k", writer).statusCode()).as("only a host may show it").isEqualTo(403);
        assertThat(handled).hasValue(2);
    }

    @Test
    void whoIsRefusedIsCountedAndNowAndThenToldByNameWithoutWhatWasShown() throws Exception {
        Queue<String> logged = new ConcurrentLinkedQueue<>();
        AppenderBase<ILoggingEvent> log = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                logged.add(event.getFormattedMessage());
            }
        };
        Logger router = (Logger) LoggerFactory.getLogger(EndpointRouter.class);
        log.setContext(router.getLoggerContext());
        log.start();
        router.addAppender(log);
        String reader = token(Role.READER);
        String stranger = AccessToken.mint(new SecureRandom());
        try {
            assertThat(status("PUT", "/things/images/k", reader)).isEqualTo(403);
            assertThat(status("PUT", "/things/images/k", reader)).isEqualTo(403);
            assertThat(status("GET", "/things", stranger)).isEqualTo(401);
        } finally {
            router.detachAppender(log);
        }
        assertThat(logged.stream().filter(line -> line.contains("were refused"))).as("one line for three refusals")
                .containsExactly(
                        "PUT /things/{namespace}/{key} of of-a-test-READER: 403 role: reader (expected: operator or writer); "
                                + "0 more were refused since the last such line");
        assertThat(logged).noneMatch(line -> line.contains(reader) || line.contains(stranger));
        assertThat(service.metrics.registry().get("spillway.requests.refused").tag("status", "403").counter().count()).isEqualTo(2);
        assertThat(service.metrics.registry().get("spillway.requests.refused").tag("status", "401").counter().count()).isEqualTo(1);
    }

    private HttpResponse<String> passedOn(String by, String path, String... clients) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(service.uri(path)).DELETE().header("Authorization", "Bearer " + by);
        for (String client : clients) {
            request.header("Spillway-Client-Token", client);
        }
        return service.client.send(request.build(), BodyHandlers.ofString());
    }

    @Test
    void aTokenOfANamespaceIsForNothingElse() throws Exception {
        String writer = token(Role.WRITER, "images");
        assertThat(status("PUT", "/things/images/k", writer)).isEqualTo(200);
        assertThat(status("PUT", "/things/others/k", writer)).isEqualTo(403);
        assertThat(status("GET", "/things?namespace=images", writer)).isEqualTo(200);
        assertThat(status("GET", "/things?namespace=others", writer)).isEqualTo(403);
        assertThat(status("GET", "/things", writer)).isEqualTo(403);
    }

    @Test
    void theTokenCanBeThePasswordOfBasic() throws Exception {
        String basic = Base64.getEncoder().encodeToString(("anyone:" + token(Role.READER)).getBytes(StandardCharsets.UTF_8));
        assertThat(send("GET", "/things", "Basic " + basic, new byte[0]).statusCode()).isEqualTo(200);
    }

    @Test
    void aBodyArrivesWholeBehindATokenThatHadToBeLookedUp() throws Exception {
        byte[] body = new byte[3 << 20];
        new Random(1).nextBytes(body);
        for (int number = 0; number < 20; number++) {
            String writer = token(Role.WRITER);
            assertThat(send("PUT", "/things/images/k", "Bearer " + writer, body).body()).isEqualTo("{\"bytes\":" + body.length + "}");
        }
        assertThat(looks).hasValue(20);
    }

    @Test
    void whatIsRefusedIsRefusedBeforeItsBody() throws Exception {
        String answer = service.raw(
                "PUT /things/images/k HTTP/1.1\r\nHost: test\r\nContent-Length: 60000000\r\nExpect: 100-continue\r\nAuthorization: Bearer "
                        + token(Role.READER) + "\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 403 ");
    }

    @Test
    void whileNobodyCanSayNobodyIsLetInAndAServerIsNotAsked() throws Exception {
        String reader = token(Role.READER);
        away = true;
        assertThat(status("GET", "/things", reader)).isEqualTo(503);
        away = false;
        long deadline = System.nanoTime() + Duration.ofMinutes(5).toNanos();
        while (status("GET", "/things", reader) != 200) {
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
    }

    @Test
    void aStreamOfEventsEndsWhenItsTokenIsOver() throws Exception {
        String reader = token(Role.READER);
        HttpRequest request = HttpRequest.newBuilder(service.uri("/events")).header("Authorization", "Bearer " + reader).build();
        HttpResponse<InputStream> events = service.client.send(request, BodyHandlers.ofInputStream());
        assertThat(events.statusCode()).isEqualTo(200);
        try (InputStream body = events.body()) {
            var read = new FutureTask<>(() -> new String(body.readAllBytes(), StandardCharsets.UTF_8));
            Thread.ofVirtual().start(read);
            known.clear();
            assertThat(read).succeedsWithin(Duration.ofMinutes(5), InstanceOfAssertFactories.STRING).contains("event: first");
        }
        assertThat(status("GET", "/things", reader)).isEqualTo(401);
    }

    /** The tokens-file may change a token while its stream is open, here by a limit to one namespace. */
    @Test
    void aStreamOfEventsEndsWhenItsTokenIsForSomethingElse() throws Exception {
        String reader = token(Role.READER);
        HttpRequest request = HttpRequest.newBuilder(service.uri("/events")).header("Authorization", "Bearer " + reader).build();
        HttpResponse<InputStream> events = service.client.send(request, BodyHandlers.ofInputStream());
        try (InputStream body = events.body()) {
            var read = new FutureTask<>(() -> new String(body.readAllBytes(), StandardCharsets.UTF_8));
            Thread.ofVirtual().start(read);
            known.replaceAll(
                    (digest, identity) -> new Identity(identity.name(), identity.role(), Set.of(new NamespaceName("images")), null));
            assertThat(read).succeedsWithin(Duration.ofMinutes(5), InstanceOfAssertFactories.STRING).contains("event: first");
        }
        assertThat(status("GET", "/things", reader)).isEqualTo(403);
    }

    @Test
    void aRequestWithATokenAndARefusedOneHaveASpanEach() throws Exception {
        try (OtlpReceiver receiver = new OtlpReceiver()) {
            HttpService.Options open = service.options(
                    "127.0.0.1:0",
                    RunningService.LIMITS,
                    RunningService.get("/things", request -> Response.ok(Map.of())));
            String reader = token(Role.READER);
            try (Tracing tracing = Tracing.of(Optional.of(URI.create(receiver.endpoint())), "spillway-test", "one");
                    HttpService served =
                            HttpService.start(open.withSecurity(TOKENS).withIdentities(Optional.of(this::find)).withTracing(tracing))) {
                HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://" + served.address() + "/things"));
                assertThat(service.client.send(request.build(), BodyHandlers.discarding()).statusCode()).isEqualTo(401);
                request.header("Authorization", "Bearer " + reader);
                assertThat(service.client.send(request.build(), BodyHandlers.discarding()).statusCode()).isEqualTo(200);
            }
            assertThat(receiver.spans()).extracting(OtlpReceiver.Received::name).containsExactly("GET /things", "GET /things");
            assertThat(receiver.spans()).extracting(span -> span.attributes().get("http.response.status_code"))
                    .containsExactlyInAnyOrder("401", "200");
        }
    }

    @Test
    void anAddressForOthersNeedsTlsOrItsSwitchAndTokens() throws Exception {
        HttpService.Options open = service.options("0.0.0.0:0", RunningService.LIMITS);
        assertThatThrownBy(() -> HttpService.start(open)).isInstanceOf(IOException.class).hasMessageContaining("plain-http");
        HttpService.Options plain = open.withSecurity(new ListenerSecurity(false, true, Optional.empty()));
        assertThatThrownBy(() -> HttpService.start(plain)).isInstanceOf(IOException.class)
                .hasMessageContaining("knows no tokens");
        try (HttpService served = HttpService.start(plain.withIdentities(Optional.of(this::find)))) {
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + served.address().port() + "/metrics")).build();
            assertThat(service.client.send(request, BodyHandlers.discarding()).statusCode()).isEqualTo(401);
        }
    }
}
