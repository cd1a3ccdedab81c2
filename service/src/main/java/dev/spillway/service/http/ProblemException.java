package dev.spillway.service.http;

import java.io.Serial;

/** Ends a handler with a problem as its answer. It is expected, so it carries no stack trace and is not logged. */
public final class ProblemException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    public ProblemException(Problem problem) {
        super(problem.slug() + ": " + problem.detail(), null, false, false);
        this.problem = problem;
    }

    public Problem problem() {
        return problem;
    }
}
