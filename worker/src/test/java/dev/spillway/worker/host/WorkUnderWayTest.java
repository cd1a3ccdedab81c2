package dev.spillway.worker.host;

import dev.spillway.api.body.Work;
import dev.spillway.api.body.Work.Kind;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class WorkUnderWayTest {
    private final WorkUnderWay work = new WorkUnderWay();

    @Test
    void theOldestIsToldUntilItEndsAndThenTheNext() throws Exception {
        String told = work.run("a", Kind.CAPTURE, first -> {
            first.accept(5);
            work.run("a", Kind.RESTORE, second -> {
                second.accept(7);
                assertThat(work.first("a")).contains(new Work(Kind.CAPTURE, 5));
                return second;
            });
            assertThat(work.first("a")).contains(new Work(Kind.CAPTURE, 5));
            first.accept(6);
            assertThat(work.first("a")).contains(new Work(Kind.CAPTURE, 6));
            assertThat(work.first("b")).isEmpty();
            return "done";
        });

        assertThat(told).isEqualTo("done");
        assertThat(work.first("a")).isEmpty();
    }
}
