package dev.spillway.service.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.api.json.UnreadableJsonException;
import java.time.Duration;
import java.util.Collection;
import java.util.Locale;

/** The problems that every service can answer. */
final class Problems {
    private static final int SHOWN_CHARACTERS = 200;

    private Problems() {}

    static Problem malformedPath(String detail) {
        return Problem.of(ProblemType.MALFORMED_PATH, detail);
    }

    static Problem malformedQuery(String detail) {
        return Problem.of(ProblemType.MALFORMED_QUERY, detail);
    }

    static Problem unknownParameter(String name, Collection<String> known) {
        return Problem.of(ProblemType.UNKNOWN_PARAMETER,
                "%s: unknown query parameter (expected: %s)".formatted(shown(name), known.isEmpty() ? "none" : String.join(", ", known)));
    }

    static Problem unreadable(UnreadableJsonException e) {
        return switch (e.mistake()) {
            case MALFORMED -> Problem.of(ProblemType.MALFORMED_BODY, shownDetail(e));
            case UNKNOWN_FIELD -> Problem.of(ProblemType.UNKNOWN_FIELD, shownDetail(e));
            case INVALID_FIELD -> Problem.invalid(shownDetail(e));
        };
    }

    static Problem unexpectedBody() {
        return Problem.of(ProblemType.UNEXPECTED_BODY, "body: sent (expected: none)");
    }

    /** Names the service, because whoever asks the wrong one asks for paths that it does not have. */
    static Problem unknownPath(String service, String path) {
        return Problem.of(ProblemType.UNKNOWN_PATH, "path: " + shown(path) + " (expected: a path of " + service + ", see /openapi.yaml)")
                .with("service", service);
    }

    static Problem methodNotAllowed(String method, Collection<String> allowed) {
        return Problem.of(ProblemType.METHOD_NOT_ALLOWED, "method: %s (expected: %s)".formatted(method, String.join(", ", allowed)));
    }

    static Problem requestTimeout(Duration allowed) {
        return Problem.of(ProblemType.REQUEST_TIMEOUT, "body: not whole (expected: all of it, without a pause of " + allowed + ")");
    }

    static Problem tooLarge(long limit) {
        return Problem.of(ProblemType.BODY_TOO_LARGE, "body: over " + limit + " bytes (expected: " + limit + " bytes or less)");
    }

    static Problem unknownExpectation() {
        return Problem.of(ProblemType.MALFORMED_REQUEST, "Expect: not understood (expected: 100-continue)").status(417);
    }

    static Problem unsupportedType(String given, Collection<String> expected) {
        return Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE,
                "Content-Type: %s (expected: %s)".formatted(given.isEmpty() ? "missing" : shown(given), String.join(" or ", expected)));
    }

    static Problem malformedRequest(String why) {
        return Problem.of(ProblemType.MALFORMED_REQUEST,
                "request: %s (expected: HTTP 1.1 with one Host, and a body of its Content-Length or in whole chunks)"
                        .formatted(shown(why)));
    }

    static Problem notOneHost(int given) {
        return Problem.of(ProblemType.MALFORMED_REQUEST, "Host: " + given + " (expected: one)");
    }

    static Problem transferEncodingNotSupported(Collection<String> given) {
        return Problem.of(ProblemType.UNSUPPORTED_TRANSFER_ENCODING,
                "Transfer-Encoding: %s (expected: chunked, once)".formatted(shown(String.join(", ", given))));
    }

    static Problem internalError(String errorId) {
        return Problem
                .of(ProblemType.INTERNAL_ERROR, "the log of the service has the cause under error id " + errorId)
                .with("errorId", errorId);
    }

    static Problem overloaded(String what, Duration retryAfter) {
        return Problem.of(ProblemType.OVERLOADED, what).retryAfter(retryAfter);
    }

    static Problem stopping() {
        return Problem.of(ProblemType.STOPPING, "no request is taken any more").retryAfter(Duration.ofSeconds(5));
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
