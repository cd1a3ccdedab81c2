package dev.spillway.cli.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.Page;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.Outcome;
import dev.spillway.events.Json;
import dev.spillway.service.ConnectionTrouble;
import dev.spillway.service.settings.HostPort;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One server as a client command sees it. Every error leaves as a {@link CommandFailedException} with the outcome that it means.
 *
 * @param name   what people call it, such as {@code coordinator}
 * @param option what says where it is, for messages
 */
record Server(String name, Address address, String option, HttpClient http) {
    private static final Duration CONNECT_WITHIN = Duration.ofSeconds(5);
    private static final ObjectMapper MAPPER = Json.tolerant();

    /** Where a server listens, written as {@code host:port} or as a URL. */
    record Address(URI base) {
        private static final String EXPECTED = "host:port or http://host:port, such as 127.0.0.1:7070";

        static Address parse(String text) {
            boolean secure = text.toLowerCase(Locale.ROOT).startsWith("https://");
            String rest = text.replaceFirst("(?i)^https?://", "").replaceFirst("/$", "");
            try {
                HostPort hostPort = HostPort.parse(rest);
                if (hostPort.port() == 0 || !rest.matches("[\\[\\]A-Za-z0-9._:%-]+")) {
                    throw new IllegalArgumentException(text);
                }
                return new Address(URI.create((secure ? "https://" : "http://") + rest));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("address: " + text + " (expected: " + EXPECTED + ")", e);
            }
        }

        @Override
        public String toString() {
            return base.toString();
        }
    }

    /**
     * What a server answered to a request that it did.
     *
     * @param text JSON as it came
     */
    record Answer(String text) {
        <T> T as(Class<T> type) {
            try {
                return MAPPER.readValue(text, type);
            } catch (JsonProcessingException e) {
                throw notUnderstood(e);
            }
        }

        <T> Page<T> listOf(Class<T> item) {
            JavaType list = MAPPER.getTypeFactory().constructParametricType(Page.class, item);
            try {
                return MAPPER.readValue(text, list);
            } catch (JsonProcessingException e) {
                throw notUnderstood(e);
            }
        }
    }

    static Server at(String name, Address address, String option) {
        return new Server(name, address, option,
                HttpClient.newBuilder().version(Version.HTTP_1_1).connectTimeout(CONNECT_WITHIN).build());
    }

    static ObjectMapper mapper() {
        return MAPPER;
    }

    Answer get(Resource resource) throws InterruptedException {
        return send(request(resource, Duration.ofSeconds(30)).GET().build());
    }

    /** As {@link #get}, but an answer of 503 is one too: it says which part is not ready. */
    Answer getReadiness(Resource resource) throws InterruptedException {
        HttpRequest request = request(resource, Duration.ofSeconds(30)).GET().build();
        HttpResponse<byte[]> response = exchange(request);
        return response.statusCode() == 503 ? new Answer(new String(response.body(), StandardCharsets.UTF_8).strip()) : checked(response);
    }

    Answer put(Resource resource, Object body, Duration within) throws InterruptedException {
        return send(change(resource, within).header("Content-Type", "application/json").PUT(json(body)).build());
    }

    Answer post(Resource resource, @Nullable Object body) throws InterruptedException {
        HttpRequest.Builder request = change(resource, Duration.ofSeconds(60));
        return send(body == null ? request.POST(BodyPublishers.noBody()).build()
                : request.header("Content-Type", "application/json").POST(json(body)).build());
    }

    Answer delete(Resource resource) throws InterruptedException {
        return send(change(resource, Duration.ofSeconds(60)).DELETE().build());
    }

    /** A stream of lines that goes on until someone ends it. */
    HttpResponse<Stream<String>> follow(Resource resource, @Nullable String lastEventId)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(resource)).header("Accept", "text/event-stream").GET();
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        return http.send(request.build(), BodyHandlers.ofLines());
    }

    private URI uri(Resource resource) {
        return URI.create(address.base() + resource.toString());
    }

    private HttpRequest.Builder request(Resource resource, Duration within) {
        return HttpRequest.newBuilder(uri(resource)).timeout(within).header("Accept", "application/json");
    }

    private HttpRequest.Builder change(Resource resource, Duration within) {
        return request(resource, within).header("Idempotency-Key", UUID.randomUUID().toString());
    }

    private static HttpRequest.BodyPublisher json(Object body) {
        try {
            return BodyPublishers.ofByteArray(MAPPER.writeValueAsBytes(body));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("writing " + body, e);
        }
    }

    private Answer send(HttpRequest request) throws InterruptedException {
        return checked(exchange(request));
    }

    private HttpResponse<byte[]> exchange(HttpRequest request) throws InterruptedException {
        try {
            return http.send(request, BodyHandlers.ofByteArray());
        } catch (IOException e) {
            throw new CommandFailedException(new Outcome.NotReachable(unreachable(request.method(), e)));
        }
    }

    private Answer checked(HttpResponse<byte[]> response) {
        if (response.statusCode() / 100 == 2) {
            return new Answer(new String(response.body(), StandardCharsets.UTF_8).strip());
        }
        throw failure(response.statusCode(), response.body());
    }

    CommandFailedException failure(int status, byte[] body) {
        Problem problem = Problem.read(MAPPER, status, body, Optional.empty());
        JsonNode service = problem.extensions().get("service");
        if (service != null && !service.asText().startsWith(kind())) {
            return new CommandFailedException(new Outcome.Failed("%s answers at %s (expected: a %s; %s says where)"
                    .formatted(Text.printable(service.asText()), address, kind(), option)));
        }
        String line = problem.type() == ProblemType.OTHER ? "the server answered: " + problem.detail()
                : problem.type().title() + ": " + problem.detail();
        boolean absent = status == 404 && problem.type() != ProblemType.OTHER && problem.type() != ProblemType.UNKNOWN_PATH;
        return new CommandFailedException(absent ? new Outcome.NotFound(line) : new Outcome.Failed(line));
    }

    String unreachable(String method, IOException e) {
        return switch (e) {
            case HttpConnectTimeoutException _ -> notThere("no answer in " + CONNECT_WITHIN.toSeconds() + " s");
            case ConnectException _ -> notThere(ConnectionTrouble.inWords(e));
            case HttpTimeoutException _ -> lost(method, "no answer in time");
            default -> lost(method, e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
        };
    }

    /** {@code coordinator} or {@code worker}; the services call themselves so too. */
    private String kind() {
        return name.split(" ", 2)[0];
    }

    private String notThere(String why) {
        return "%s at %s: not reachable, %s (expected: a running %s; %s says where)".formatted(name, address, why, name, option);
    }

    private String lost(String method, String why) {
        return "%s at %s: the answer was lost, %s%s".formatted(name, address, why,
                method.equals("GET") ? "" : "; whether it was done is unknown, look before you ask again");
    }

    static CommandFailedException notUnderstood(JsonProcessingException e) {
        return new CommandFailedException(new Outcome.Failed("the server's answer was not understood: " + e.getOriginalMessage()));
    }
}
