package dev.spillway.worker.http.cache;

import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

class RefusalStatusesTest {
    @ParameterizedTest
    @CsvSource({
            "UNKNOWN_NAMESPACE, 404, 403",
            "OTHER_BACKEND, 409, 403",
            "NO_ROOM, 507, 403",
            "TOO_LARGE, 413, 403",
            "DISK_FULL, 507, 403",
            "HOST_DRAINING, 503, 403",
            "REGISTRY_NOT_REACHABLE, 503, 403",
            "REGISTRY_REFUSED, 503, 403",
            "NOT_REGISTERED, 503, 403",
            "WRITTEN_ALREADY, 409, 409",
            "PRECONDITION_FAILED, 412, 403",
            "GROUP_FULL, 409, 403",
            "INVALID_VALUE, 422, 403",
            "BUSY, 503, 403"})
    void aRefusedPutHasTheStatusOfItsDialect(ProblemType type, int plain, int nx) {
        Problem problem = Problem.of(type, "refused");
        assertThat(RefusalStatuses.PLAIN.of(problem, true).problem().status()).isEqualTo(plain);
        assertThat(RefusalStatuses.NX.of(problem, true).problem().status()).isEqualTo(nx);
        assertThat(RefusalStatuses.PLAIN.of(problem, true).problem().type()).isEqualTo(type);
    }

    @ParameterizedTest
    @EnumSource(ProblemType.class)
    void noPutHasAStatusThatFailsABuild(ProblemType type) {
        Problem problem = Problem.of(type, "refused");
        assertThat(RefusalStatuses.PLAIN.ofChange(problem)).isNotIn(RefusalStatuses.FAILING);
        assertThat(RefusalStatuses.NX.ofChange(problem)).isIn(403, 409);
    }

    @ParameterizedTest
    @EnumSource(RefusalStatuses.class)
    void aReadThatCannotBeAnsweredIsAMiss(RefusalStatuses dialect) {
        for (ProblemType type : ProblemType.values()) {
            assertThat(dialect.of(Problem.of(type, "refused"), false).problem().status()).as(type.slug()).isEqualTo(404);
        }
    }

    @Test
    void theStatusesThatGradleFailsOnAreThoseOfItsSource() {
        assertThat(RefusalStatuses.FAILING).containsExactlyInAnyOrder(305, 400, 401, 403, 405, 406, 407, 411, 415, 417, 426, 505, 511);
    }
}
