package dev.spillway.coordinator.postgres;

import dev.spillway.registry.RegistryUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
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

    private final CompletableFuture<Future<String>> late = new CompletableFuture<>();

    @Test
    void whoComesWhileABatchOfNobodyIsCarriedOutIsInTheNextOne() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            AtomicReference<Lane<Question>> self = new AtomicReference<>();
            try (Lane<Question> lane = new Lane<>("test", 1, 10, 10, batch -> carryOut(batch, self.get(), threads))) {
                self.set(lane);
                Question tooLate = new Question("too late", Duration.ZERO);
                lane.run(tooLate);
                assertThatThrownBy(tooLate::get).isInstanceOf(RegistryUnavailableException.class).hasMessageContaining("not begun within");
                assertThat(late.get().get()).isEqualTo("in time");
            }
        }
    }

    @Test
    void aDefectFailsItsBatchAndNotTheLane() {
        AtomicBoolean broken = new AtomicBoolean(true);
        try (Lane<Question> lane = new Lane<>("test", 1, 10, 10, batch -> {
            if (broken.getAndSet(false)) {
                assertThat(batch.get()).hasSize(1);
                throw new IllegalArgumentException("a defect");
            }
            batch.get().forEach(question -> question.answer(question.name()));
        })) {
            Question first = new Question("first", Duration.ofMinutes(1));
            lane.run(first);
            assertThatThrownBy(first::get).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("first was given no outcome")
                    .hasRootCauseMessage("a defect");
            Question second = new Question("second", Duration.ofMinutes(1));
            lane.run(second);
            assertThat(second.get()).isEqualTo("second");
        }
    }

    @Test
    void whoWaitsWhenItIsClosedFails() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Lane<Question> lane = new Lane<>("test", 1, 10, 10, batch -> batch.get().forEach(question -> {
            begun.countDown();
            await(goOn);
            question.answer(question.name());
        }));
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<String> underWay = threads.submit(() -> asked(lane, "under way"));
            begun.await();
            Future<String> waiting = threads.submit(() -> asked(lane, "waiting"));
            while (lane.waiting() == 0) {
                Thread.onSpinWait();
            }
            lane.close();
            assertThatThrownBy(waiting::get).hasRootCauseInstanceOf(RegistryUnavailableException.class)
                    .hasRootCauseMessage("waiting was not carried out: the registry was closed");
            assertThatThrownBy(() -> asked(lane, "late")).isInstanceOf(RegistryUnavailableException.class)
                    .hasMessageContaining("the registry is closed");
            goOn.countDown();
            assertThat(underWay.get()).isEqualTo("under way");
        }
    }

    @Test
    void whoIsInterruptedBeforeItIsBegunLeavesTheLane() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        List<String> carriedOut = new CopyOnWriteArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                Lane<Question> lane = new Lane<>("test", 1, 10, 10, batch -> {
                    batch.get().forEach(question -> {
                        begun.countDown();
                        await(goOn);
                        carriedOut.add(question.name());
                        question.answer(question.name());
                    });
                })) {
            Future<String> underWay = threads.submit(() -> asked(lane, "under way"));
            begun.await();
            AtomicReference<Throwable> seen = new AtomicReference<>();
            Thread waiting = Thread.ofVirtual().start(() -> {
                try {
                    asked(lane, "waiting");
                } catch (RegistryUnavailableException e) {
                    seen.set(e);
                }
            });
            while (lane.waiting() == 0) {
                Thread.onSpinWait();
            }
            waiting.interrupt();
            waiting.join();
            assertThat(seen.get()).hasMessageContaining("waiting was interrupted before it was begun");
            goOn.countDown();
            assertThat(underWay.get()).isEqualTo("under way");
            assertThat(asked(lane, "next")).isEqualTo("next");
            assertThat(carriedOut).containsExactly("under way", "next");
        }
    }

    private static String asked(Lane<Question> lane, String name) {
        Question question = new Question(name, Duration.ofMinutes(1));
        lane.run(question);
        return question.get();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void carryOut(Supplier<List<Question>> batch, Lane<Question> lane, ExecutorService threads) {
        batch.get().forEach(question -> question.answer(question.name()));
        if (!late.isDone()) {
            late.complete(threads.submit(() -> {
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
