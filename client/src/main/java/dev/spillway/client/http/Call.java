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
 * @param path    path with its query, percent-encoded
 * @param body    body; {@link Content} and {@link java.nio.ByteBuffer} are sent as bytes, any other object as JSON; empty for none
 * @param headers headers in addition to those for JSON
 * @param answers statuses of 400 or more that count as answers, with a body of the requested type
 * @param timeout time limit from the first attempt to connect to the last byte of the answer
 */
public record Call(String method, String path, Optional<Object> body, Map<String, String> headers, Set<Integer> answers, Duration timeout) {
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

    /** Returns the same request with an idempotency key, so that the server carries it out once however often it is sent. */
    public Call idempotencyKey(String key) {
        return header(Headers.IDEMPOTENCY_KEY, key);
    }

    /** Returns the same request, for which a status of 400 or more counts as an answer. */
    public Call answeredBy(int status) {
        return new Call(method, path, body, headers, Set.of(status), timeout);
    }

    public Call timeout(Duration other) {
        return new Call(method, path, body, headers, answers, other);
    }

    /** Returns method and path only, because headers may contain a client's token. */
    @Override
    public String toString() {
        return method + " " + path;
    }

    /** Returns whether it is a read, which can be repeated safely. */
    boolean isRead() {
        return method.equals("GET");
    }
}
