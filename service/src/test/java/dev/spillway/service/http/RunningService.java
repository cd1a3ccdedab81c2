package dev.spillway.service.http;

import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.service.identity.Identities;
import dev.spillway.service.monitoring.Readiness;
import dev.spillway.service.monitoring.ServiceEndpoints;
import dev.spillway.service.monitoring.ServiceMetrics;
import dev.spillway.service.settings.HostPort;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** An HTTP service with the routes of a test. It has the JDK's client, and bare sockets for requests that this client would not send. */
final class RunningService implements AutoCloseable {
    static final HttpLimits LIMITS = new HttpLimits(
            1024,
            8,
            8,
            8,
            Duration.ofMinutes(5),
            Duration.ofSeconds(15),
            Duration.ofSeconds(5),
            HttpLimits.DEFAULT.connectionsMax(),
            HttpLimits.DEFAULT.idleMax(),
            Duration.ZERO);

    final ServiceMetrics metrics = new ServiceMetrics();
    final Readiness readiness = new Readiness(Duration.ofSeconds(5));
    final HttpService service;
    private final Optional<StaticPages> pages;
    final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    RunningService(Endpoint... routes) throws IOException, InterruptedException {
        this(LIMITS, routes);
    }

    RunningService(HttpLimits limits, Endpoint... routes) throws IOException, InterruptedException {
        this(limits, Optional.empty(), routes);
    }

    RunningService(HttpLimits limits, Optional<StaticPages> pages, Endpoint... routes) throws IOException, InterruptedException {
        this.pages = pages;
        service = HttpService.start(options("127.0.0.1:0", limits, routes));
    }

    /** Starts a service with the security and the holders of tokens that a test gives it. */
    RunningService(ListenerSecurity security, Identities identities, Endpoint... routes) throws IOException, InterruptedException {
        this.pages = Optional.empty();
        service = HttpService
                .start(options("127.0.0.1:0", LIMITS, routes).withSecurity(security).withIdentities(Optional.of(identities)));
    }

    HttpService.Options options(String address, HttpLimits limits, Endpoint... routes) throws IOException {
        return new HttpService.Options(
                "test",
                HostPort.parse(address),
                Optional.empty(),
                limits,
                ServiceEndpoints.with(List.of(routes), readiness, metrics, Optional.of("/openapi-of-test.yaml")),
                RunningService::failure,
                pages,
                metrics.registry());
    }

    static Endpoint get(String template, Endpoint.Handler handler) {
        return Endpoint.of(Operation.read("GET", template), handler);
    }

    static Endpoint get(String template, List<String> query, Endpoint.Handler handler) {
        return Endpoint.of(Operation.read("GET", template).query(query.toArray(String[]::new)), handler);
    }

    static Endpoint put(String template, UnaryOperator<Endpoint> body, Endpoint.Handler handler) {
        return body.apply(Endpoint.of(Operation.change("PUT", template), handler));
    }

    static Endpoint post(String template, UnaryOperator<Endpoint> body, Endpoint.Handler handler) {
        return body.apply(Endpoint.of(Operation.change("POST", template), handler));
    }

    static Endpoint delete(String template, Endpoint.Handler handler) {
        return Endpoint.of(Operation.change("DELETE", template), handler);
    }

    private static Optional<Problem> failure(Throwable failure) {
        return failure instanceof UnsupportedOperationException
                ? Optional.of(Problem.of(ProblemType.BUSY, String.valueOf(failure.getMessage())).retryAfter(Duration.ofSeconds(3)))
                : Optional.empty();
    }

    URI uri(String rawPath) {
        return URI.create("http://" + service.address() + rawPath);
    }

    HttpResponse<String> get(String rawPath) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(uri(rawPath)).build(), BodyHandlers.ofString());
    }

    HttpResponse<String> send(String method, String rawPath, String mediaType, String body) throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(uri(rawPath))
                        .header("Content-Type", mediaType)
                        .method(method, BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    Socket connect() throws IOException {
        var socket = new Socket(service.address().host(), service.address().port());
        socket.setSoTimeout(300_000);
        return socket;
    }

    /** Sends a request as it is on a new connection, and returns all bytes up to its end. */
    String raw(String request) throws IOException {
        try (var socket = connect()) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Sends a request without a body whose target is not changed. The connection ends with the answer. */
    String rawGet(String target) throws IOException {
        return raw("GET " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    }

    static String readUntil(InputStream in, String end) throws IOException {
        var text = new StringBuilder();
        while (text.indexOf(end) < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("ended before " + end + ": " + text);
            }
            text.append((char) next);
        }
        return text.toString();
    }

    @Override
    public void close() {
        client.close();
        service.close();
        metrics.close();
    }
}
