package dev.spillway.service.http;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import java.time.Duration;
import java.util.List;

/** The problems that several parts of the HTTP base answer. */
final class Problems {
    private Problems() {}

    static Problem requestTimeout(Duration allowed) {
        return Problem.of(ProblemType.REQUEST_TIMEOUT, "body: not whole (expected: all of it, without a pause of " + allowed + ")");
    }

    static Problem tooLarge(long limit) {
        return Problem.of(ProblemType.BODY_TOO_LARGE, "body: over " + limit + " bytes (expected: " + limit + " bytes or less)");
    }

    static Problem notTaken(String header, String given, List<String> expected) {
        return Problem.of(ProblemType.UNSUPPORTED_MEDIA_TYPE,
                "%s: %s (expected: %s)".formatted(header, Problem.shown(given), String.join(" or ", expected)));
    }

    static Problem overloaded(String what) {
        return Problem.of(ProblemType.OVERLOADED, what).retryAfter(Duration.ofSeconds(1));
    }

    static Problem stopping() {
        return Problem.of(ProblemType.STOPPING, "no request is taken any more").retryAfter(Duration.ofSeconds(5));
    }
}
