package dev.spillway.service.http;

import dev.spillway.service.json.UnreadableJsonException;
import java.time.Duration;
import java.util.Collection;
import java.util.Locale;

/** The problems that every service can answer. */
final class Problems {
    private static final int SHOWN_CHARACTERS = 200;

    private Problems() {}

    static Problem malformedPath(String detail) {
        return Problem.of(400, "malformed-path", "The path is not percent-encoded UTF-8", detail);
    }

    static Problem malformedQuery(String detail) {
        return Problem.of(400, "malformed-query", "The query is not percent-encoded UTF-8", detail);
    }

    static Problem unknownParameter(String name, Collection<String> known) {
        return Problem.of(400, "unknown-parameter", "A query parameter is not known",
                "%s: unknown query parameter (expected: %s)".formatted(shown(name), known.isEmpty() ? "none" : String.join(", ", known)));
    }

    static Problem unreadable(UnreadableJsonException e) {
        return switch (e.mistake()) {
            case MALFORMED -> Problem.of(400, "malformed-body", "The body is not JSON", shownDetail(e));
            case UNKNOWN_FIELD -> Problem.of(400, "unknown-field", "The body has a field that is not known", shownDetail(e));
            case INVALID_FIELD -> Problem.invalid(shownDetail(e));
        };
    }

    static Problem unexpectedBody() {
        return Problem.of(400, "unexpected-body", "A body was sent where none is expected", "body: sent (expected: none)");
    }

    /** Names the service, because whoever asks the wrong one asks for paths that it does not have. */
    static Problem unknownPath(String service, String path) {
        return Problem.of(404, "unknown-path", "There is nothing at this path",
                "path: " + shown(path) + " (expected: a path of " + service + ", see /openapi.yaml)").with("service", service);
    }

    static Problem methodNotAllowed(String method, Collection<String> allowed) {
        return Problem.of(405, "method-not-allowed", "The path does not take this method",
                "method: %s (expected: %s)".formatted(method, String.join(", ", allowed)));
    }

    static Problem requestTimeout(Duration allowed) {
        return Problem.of(408, "request-timeout", "The body did not arrive in time",
                "body: not whole (expected: all of it, without a pause of " + allowed + ")");
    }

    static Problem headerTimeout(Duration allowed) {
        return Problem.of(408, "request-timeout", "The header did not arrive in time",
                "header: not whole (expected: all of it within " + allowed + ")");
    }

    static Problem tooLarge(long limit) {
        return Problem.of(413, "body-too-large", "The body is too large",
                "body: over " + limit + " bytes (expected: " + limit + " bytes or less)");
    }

    static Problem pathTooLong(int limit) {
        return Problem.of(414, "path-too-long", "The request line is too long",
                "request line: over " + limit + " bytes (expected: " + limit + " bytes or less)");
    }

    static Problem unsupportedType(String given, Collection<String> expected) {
        return Problem.of(415, "unsupported-media-type", "The body is of a type that is not taken here",
                "Content-Type: %s (expected: %s)".formatted(given.isEmpty() ? "missing" : shown(given), String.join(" or ", expected)));
    }

    static Problem headersTooLarge(int limit) {
        return Problem.of(431, "headers-too-large", "The headers are too large",
                "headers: over " + limit + " bytes (expected: " + limit + " bytes or less)");
    }

    static Problem malformedRequest() {
        return Problem.of(400, "malformed-request", "This is not HTTP", "request: not understood (expected: HTTP/1.1)");
    }

    static Problem malformedChunks() {
        return Problem.of(400, "malformed-request", "This is not HTTP",
                "body: chunks that cannot be told apart (expected: the length of each chunk in hexadecimal digits, then so many bytes, each with a line end)");
    }

    static Problem notOneHost(int given) {
        return Problem.of(400, "malformed-request", "This is not HTTP",
                "Host: %s (expected: one)".formatted(given == 0 ? "missing" : given));
    }

    static Problem transferEncodingNotSupported(Collection<String> given) {
        return Problem.of(501, "unsupported-transfer-encoding", "The body is sent in a way that is not spoken here",
                "Transfer-Encoding: %s (expected: chunked, once)".formatted(shown(String.join(", ", given))));
    }

    static Problem versionNotSupported(String given) {
        return Problem.of(505, "version-not-supported", "This version of HTTP is not spoken here",
                "version: %s (expected: HTTP/1.1)".formatted(shown(given)));
    }

    static Problem internalError(String errorId) {
        return Problem
                .of(500, "internal-error", "Something went wrong inside", "the log of the service has the cause under error id " + errorId)
                .with("errorId", errorId);
    }

    static Problem overloaded(String what, Duration retryAfter) {
        return Problem.of(503, "overloaded", "The service is at its limit", what).retryAfter(retryAfter);
    }

    static Problem stopping() {
        return Problem.of(503, "stopping", "The service is stopping", "no request is taken any more").retryAfter(Duration.ofSeconds(5));
    }

    static String shown(String value) {
        var line = value.replaceAll("\\p{Cntrl}", "?");
        return line.length() > SHOWN_CHARACTERS ? line.substring(0, SHOWN_CHARACTERS) + "..." : line;
    }

    static String mediaType(String contentType) {
        int semicolon = contentType.indexOf(';');
        return (semicolon < 0 ? contentType : contentType.substring(0, semicolon)).strip().toLowerCase(Locale.ROOT);
    }

    private static String shownDetail(UnreadableJsonException e) {
        return String.valueOf(e.getMessage());
    }
}
