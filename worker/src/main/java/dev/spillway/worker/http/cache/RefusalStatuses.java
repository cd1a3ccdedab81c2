package dev.spillway.worker.http.cache;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import java.util.Set;

/**
 * The status of each refusal in a dialect, chosen so that it fails no build. The problem in the body tells the reason.
 *
 * <p>A read that cannot be answered is a miss, 404. After another status sccache does not start, Nx fails, and Maven and Turborepo wait and ask again.
 */
enum RefusalStatuses {
    /** A put is refused by the usual status, unless Gradle fails on it. */
    PLAIN {
        @Override
        int ofChange(Problem problem) {
            return FAILING.contains(problem.status()) ? UNPROCESSABLE : problem.status();
        }
    },
    /** A put of Nx is refused by 409 (the record exists) or 403 (it may not be written), because Nx fails on any other status. */
    NX {
        @Override
        int ofChange(Problem problem) {
            return problem.type() == ProblemType.WRITTEN_ALREADY ? 409 : 403;
        }
    };

    /** Statuses on which a build of Gradle fails. */
    static final Set<Integer> FAILING = Set.of(305, 400, 401, 403, 405, 406, 407, 411, 415, 417, 426, 505, 511);

    private static final int MISS = 404;
    /** The status of a put or deletion that is refused in place of one of {@link #FAILING}. */
    private static final int UNPROCESSABLE = 422;

    /** Returns the status of a refused put or deletion. */
    abstract int ofChange(Problem problem);

    /** Returns the refusal of a read, or of a put or deletion. */
    ProblemException of(Problem problem, boolean changes) {
        return problem.status(changes ? ofChange(problem) : MISS).exception();
    }
}
