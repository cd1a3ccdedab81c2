package dev.spillway.service.http;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/** Ids of requests, each in the header {@code X-Request-Id} of the answer. A caller may give its own. */
final class RequestIds {
    static final String HEADER = "X-Request-Id";

    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9._-]{1,128}");

    private RequestIds() {}

    /** Gives a request its id: that of its caller, or a random one if the caller's cannot stand in a line of a log. */
    static void give(HttpServerRequest request) {
        String given = request.getHeader(HEADER);
        request.response().putHeader(HEADER, given != null && FORM.matcher(given).matches() ? given : random());
    }

    /** Returns the id of a request that was given one. */
    static String of(HttpServerResponse response) {
        return Objects.requireNonNull(response.headers().get(HEADER), HEADER);
    }

    /** Returns 64 random bits: ids are to be told apart, not to be secret. */
    private static String random() {
        return Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);
    }
}
