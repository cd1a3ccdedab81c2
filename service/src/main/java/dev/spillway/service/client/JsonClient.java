package dev.spillway.service.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.api.Problem;
import dev.spillway.api.json.IncomingJson;
import dev.spillway.api.json.UnreadableJsonException;
import dev.spillway.service.ConnectionTrouble;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Sends JSON and reads JSON, blocking, for callers on virtual threads. A request is sent once, except that the JDK sends a GET again
 * when the kept connection turns out to be closed: whoever wants it again decides so by its outcome. Thread-safe.
 */
public final class JsonClient implements AutoCloseable {
    private static final String JSON = "application/json";

    private final ObjectMapper mapper;
    private final long answerBytesMax;
    private final ExecutorService threads;
    private final HttpClient http;

    /**
     * A request to be sent.
     *
     * @param uri with its path already percent-encoded
     * @param body written as JSON, or empty
     * @param headers besides those for JSON
     * @param timeout from the first attempt to connect to the last byte of the answer
     */
    public record Call(String method, URI uri, Optional<Object> body, Map<String, String> headers, Duration timeout) {
        public Call {
            headers = Map.copyOf(headers);
        }

        public static Call get(URI uri, Duration timeout) {
            return new Call("GET", uri, Optional.empty(), Map.of(), timeout);
        }

        public static Call put(URI uri, Object body, Duration timeout) {
            return new Call("PUT", uri, Optional.of(body), Map.of(), timeout);
        }

        public static Call post(URI uri, Object body, Duration timeout) {
            return new Call("POST", uri, Optional.of(body), Map.of(), timeout);
        }

        public static Call delete(URI uri, Duration timeout) {
            return new Call("DELETE", uri, Optional.empty(), Map.of(), timeout);
        }

        /** The same request, with an {@code Idempotency-Key}. */
        public Call idempotencyKey(String key) {
            return new Call(method, uri, body, Map.of("Idempotency-Key", key), timeout);
        }
    }

    /**
     * A client with connections of its own.
     *
     * @param connectWithin how long to try to connect; a server that does not take the connection by then is unreachable
     * @param answerBytesMax bound of an answer's body
     */
    public JsonClient(ObjectMapper mapper, Duration connectWithin, long answerBytesMax) {
        this.mapper = mapper;
        this.answerBytesMax = answerBytesMax;
        this.threads = Executors.newVirtualThreadPerTaskExecutor();
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(connectWithin)
                .executor(threads)
                .build();
    }

    /**
     * Sends a request and waits for its outcome.
     *
     * @param type of the answer's body
     * @throws InterruptedException when the caller is interrupted; the outcome is then unknown
     * @throws IllegalArgumentException when the body cannot be written as JSON
     */
    public <T> Outcome<T> send(Call call, Class<T> type) throws InterruptedException {
        var what = call.method() + " " + call.uri();
        var answer = http.sendAsync(request(call), BodyHandlers.limiting(BodyHandlers.ofByteArray(), answerBytesMax));
        try {
            return read(what, answer.get(call.timeout().toNanos(), TimeUnit.NANOSECONDS), type);
        } catch (TimeoutException e) {
            answer.cancel(true);
            return new Outcome.Unknown<>(what + ": no answer in " + call.timeout());
        } catch (InterruptedException e) {
            answer.cancel(true);
            throw e;
        } catch (ExecutionException e) {
            var cause = e.getCause() == null ? e : e.getCause();
            return notSent(cause) ? new Outcome.Unreachable<>(what + ": not reachable: " + ConnectionTrouble.inWords(cause))
                    : new Outcome.Unknown<>(what + ": sent, no answer: " + ConnectionTrouble.inWords(cause));
        }
    }

    private HttpRequest request(Call call) {
        BodyPublisher body = call.body().map(this::publisher).orElseGet(BodyPublishers::noBody);
        var request = HttpRequest.newBuilder(call.uri()).method(call.method(), body).header("Accept", JSON);
        if (call.body().isPresent()) {
            request.header("Content-Type", JSON);
        }
        call.headers().forEach(request::header);
        return request.build();
    }

    private BodyPublisher publisher(Object body) {
        try {
            return BodyPublishers.ofByteArray(mapper.writeValueAsBytes(body));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("body: " + body.getClass().getSimpleName() + " (expected: what can be written as JSON)", e);
        }
    }

    private <T> Outcome<T> read(String what, HttpResponse<byte[]> answer, Class<T> type) {
        if (answer.statusCode() >= 400) {
            return new Outcome.Refused<>(Problem.read(mapper, answer.statusCode(), answer.body(), retryAfter(answer)));
        }
        try {
            return new Outcome.Answer<>(answer.statusCode(), IncomingJson.read(mapper, answer.body(), type));
        } catch (UnreadableJsonException e) {
            return new Outcome.Unknown<>(
                    "%s: answered %d with what cannot be read: %s".formatted(what, answer.statusCode(), e.getMessage()));
        }
    }

    private static Optional<Duration> retryAfter(HttpResponse<?> answer) {
        return answer.headers()
                .firstValue("Retry-After")
                .filter(text -> text.matches("[0-9]{1,9}"))
                .map(text -> Duration.ofSeconds(Long.parseLong(text)));
    }

    /** Whether the failure came before a connection was there. A connection that breaks later may have carried the request. */
    private static boolean notSent(Throwable cause) {
        return cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException;
    }

    /** Breaks off what is under way. */
    @Override
    public void close() {
        http.shutdownNow();
        threads.shutdownNow();
    }
}
