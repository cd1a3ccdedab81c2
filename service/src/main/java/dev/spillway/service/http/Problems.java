package dev.spillway.service.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import java.time.Duration;
import java.util.List;

/** The problems that several parts of the HTTP base answer. */
final class Problems {
    static final Duration RETRY_AFTER = Duration.ofSeconds(1);
    private static final int SHOWN_CHARACTERS = 200;

    private Problems() {}

    static Problem requestTimeout(Duration allowed) {
        return Problem.of(ProblemType.REQUEST_TIMEOUT, "body: not whole (expected: all of it, without a pause of " + allowed + ")");
    }

    static Problem tooLarge(long limit) {
        return Problem.of(ProblemType.BODY_TOO_LARGE, "body: over " + limit + " bytes (expected: " + limit + " bytes or less)");
    }

    static Problem notTaken(String header, String given, List<String> expected) {
        return Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE,
                "%s: %s (expected: %s)".formatted(header, shown(given), String.join(" or ", expected)));
    }

    static Problem overloaded(String what) {
        return Problem.of(ProblemType.OVERLOADED, what).retryAfter(RETRY_AFTER);
    }

    static Problem stopping() {
        return Problem.of(ProblemType.STOPPING, "no request is taken any more").retryAfter(Duration.ofSeconds(5));
    }

    /** A text of a client as one line of bounded length. */
    static String shown(String value) {
        var line = value.replaceAll("\\p{Cntrl}", "?");
        return line.length() > SHOWN_CHARACTERS ? line.substring(0, SHOWN_CHARACTERS) + "..." : line;
    }
}
