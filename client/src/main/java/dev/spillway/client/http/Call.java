package dev.spillway.client.http;

import dev.spillway.api.Headers;
import dev.spillway.api.RequestTarget;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A request to be sent.
 *
 * @param path    with its query, already percent-encoded
 * @param body    {@link Content} and {@link java.nio.ByteBuffer} as their bytes, anything else as JSON; or empty
 * @param headers besides those for JSON
 * @param answers statuses from 400 on that are answers too, with a body of the type asked for
 * @param timeout from the first attempt to connect to the last byte of the answer
 */
public record Call(String method, String path, Optional<Object> body, Map<String, String> headers, Set<Integer> answers,
        Duration timeout) {
    public Call {
        answers = Set.copyOf(answers);
        headers = Map.copyOf(headers);
    }

    public static Call of(RequestTarget target, Duration timeout) {
        return new Call(target.method(), target.path(), Optional.empty(), Map.of(), Set.of(), timeout);
    }

    public Call body(Object value) {
        return new Call(method, path, Optional.of(value), headers, answers, timeout);
    }

    public Call header(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new Call(method, path, body, more, answers, timeout);
    }

    /** The same request, which the server carries out once however often it is sent. */
    public Call idempotencyKey(String key) {
        return header(Headers.IDEMPOTENCY_KEY, key);
    }

    /** The same request, for which a status that else is a refusal is an answer. */
    public Call answeredBy(int status) {
        return new Call(method, path, body, headers, Set.of(status), timeout);
    }

    public Call timeout(Duration other) {
        return new Call(method, path, body, headers, answers, other);
    }

    /** Method and path: headers may carry the token of a client. */
    @Override
    public String toString() {
        return method + " " + path;
    }

    /** Whether it asks for something and changes nothing that a caller would miss. */
    boolean isRead() {
        return method.equals("GET");
    }
}
