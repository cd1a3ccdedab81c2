package dev.spillway.coordinator.app;

import dev.spillway.coordinator.postgres.OldTransactions.OldTransaction;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Names the transaction that keeps old versions of the registry's rows for longest, once it does so for over a minute. Thread-safe. */
final class TransactionWatch {
    private static final Duration OLD = Duration.ofMinutes(1);

    private record Look(OldTransaction oldest, long nanos) {
        Duration age() {
            return oldest.age().plusNanos(System.nanoTime() - nanos);
        }
    }

    private final Supplier<Optional<OldTransaction>> oldest;
    private volatile @Nullable Look latest;

    /** @param oldest asks the database for the oldest transaction */
    TransactionWatch(Supplier<Optional<OldTransaction>> oldest) {
        this.oldest = oldest;
    }

    void look() {
        latest = oldest.get().map(found -> new Look(found, System.nanoTime())).orElse(null);
    }

    /** Returns the age of the oldest transaction; zero if there is none. */
    Duration age() {
        Look look = latest;
        return look == null ? Duration.ZERO : look.age();
    }

    /** Returns what somebody should do about it; empty if it is not old. */
    String remark() {
        Look look = latest;
        if (look == null || look.age().compareTo(OLD) < 0) {
            return "";
        }
        OldTransaction found = look.oldest();
        return "%s of user %s in database %s (%s) began %d s ago: until it ends, old versions of rows stay, and requests become slower; to end it: %s"
                .formatted(found.name(), found.user(), found.database(), found.doing(), look.age().toSeconds(), found.end());
    }
}
