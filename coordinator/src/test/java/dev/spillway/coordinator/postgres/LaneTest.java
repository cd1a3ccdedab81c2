package dev.spillway.coordinator.postgres;

import dev.spillway.coordinator.core.RegistryUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class LaneTest {
    /** A question whose answer is its own name. */
    private static final class Question extends Pending<String> {
        private final String name;

        Question(String name, Duration deadline) {
            super(deadline);
            this.name = name;
        }

        @Override
        String name() {
            return name;
        }

        @Override
        int weight() {
            return 1;
        }

        @Override
        @Nullable
        Object soleIn() {
            return null;
        }
    }

    private final List<Future<String>> late = new ArrayList<>();

    @Test
    void whoComesWhileABatchOfNobodyIsCarriedOutIsInTheNextOne() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            AtomicReference<Lane<Question>> self = new AtomicReference<>();
            Lane<Question> lane = new Lane<>(10, 10, batch -> carryOut(batch, self.get(), threads));
            self.set(lane);
            Question tooLate = new Question("too late", Duration.ZERO);
            lane.run(tooLate);
            assertThatThrownBy(tooLate::get).isInstanceOf(RegistryUnavailableException.class).hasMessageContaining("not begun within");
            assertThat(late.getFirst().get()).isEqualTo("in time");
        }
    }

    private void carryOut(Supplier<List<Question>> batch, Lane<Question> lane, ExecutorService threads) {
        batch.get().forEach(question -> question.answer(question.name()));
        if (late.isEmpty()) {
            late.add(threads.submit(() -> {
                Question inTime = new Question("in time", Duration.ofMinutes(1));
                lane.run(inTime);
                return inTime.get();
            }));
            while (lane.waiting() == 0) {
                Thread.onSpinWait();
            }
        }
    }
}
