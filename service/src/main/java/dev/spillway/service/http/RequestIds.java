package dev.spillway.service.http;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/** Ids of requests, sent in the header {@code X-Request-Id} of the answer. A client may send its own. */
final class RequestIds {
    static final String HEADER = "X-Request-Id";

    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9._-]{1,128}");

    private RequestIds() {}

    /** Gives a request its id: that of its client, or a random one if the client's is missing or unfit for a log line. */
    static void give(HttpServerRequest request) {
        String given = request.getHeader(HEADER);
        request.response().putHeader(HEADER, given != null && FORM.matcher(given).matches() ? given : random());
    }

    /** Returns the id that a request was given. */
    static String of(HttpServerResponse response) {
        return Objects.requireNonNull(response.headers().get(HEADER), HEADER);
    }

    /** Returns 64 random bits. Ids must be distinct but not secret. */
    private static String random() {
        return Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);
    }
}
