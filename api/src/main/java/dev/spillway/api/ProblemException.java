package dev.spillway.api;

import java.io.Serial;

/** Thrown to answer a request with a problem. It is expected, so it has no stack trace and is not logged. */
public final class ProblemException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    public ProblemException(Problem problem) {
        super(problem.type() == ProblemType.OTHER ? problem.detail() : problem.type().slug() + ": " + problem.detail(), null, false, false);
        this.problem = problem;
    }

    public Problem problem() {
        return problem;
    }

    /** Returns the type of its problem. */
    public ProblemType type() {
        return problem.type();
    }
}
