package dev.spillway.coordinator.app;

import dev.spillway.coordinator.postgres.OldTransactions.OldTransaction;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class TransactionWatchTest {
    private static Optional<OldTransaction> oldest(Duration age) {
        return Optional.of(new OldTransaction("pid 7", "SELECT pg_terminate_backend(7)", "spillway", "ops", "pg_dump, active", age));
    }

    @Test
    void anOldTransactionIsNamedWithWhatEndsItUntilItHasEnded() {
        AtomicReference<Optional<OldTransaction>> oldest = new AtomicReference<>(oldest(Duration.ofSeconds(1)));
        TransactionWatch watch = new TransactionWatch(oldest::get);
        assertThat(watch.age()).isZero();
        watch.look();
        assertThat(watch.age()).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
        assertThat(watch.remark()).as("a short one").isEmpty();
        oldest.set(oldest(Duration.ofMinutes(5)));
        watch.look();
        assertThat(watch.remark()).startsWith("pid 7 of user ops in database spillway (pg_dump, active) began 30")
                .endsWith("to end it: SELECT pg_terminate_backend(7)");
        oldest.set(Optional.empty());
        watch.look();
        assertThat(watch.remark()).isEmpty();
        assertThat(watch.age()).isZero();
    }

    @Test
    void aTransactionIsNotNamedForLongOnceTheDatabaseCannotBeAsked() {
        AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
        TransactionWatch watch = new TransactionWatch(() -> oldest(Duration.ofMinutes(5)), nanos::get);
        watch.look();
        nanos.addAndGet(Duration.ofSeconds(29).toNanos());
        assertThat(watch.remark()).contains(" began 329 s ago");
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        assertThat(watch.remark()).isEmpty();
        assertThat(watch.age()).isZero();
        watch.look();
        assertThat(watch.remark()).as("answers again").isNotEmpty();
    }
}
