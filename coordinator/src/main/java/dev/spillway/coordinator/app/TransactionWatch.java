package dev.spillway.coordinator.app;

import dev.spillway.coordinator.postgres.OldTransactions.OldTransaction;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Reports the oldest open transaction once it is over a minute old, because it keeps vacuum from removing old row versions. Thread-safe. */
final class TransactionWatch {
    private static final Duration OLD = Duration.ofMinutes(1);
    /** Time for which the last finding is valid. While the database is away nothing is found, and the transaction may have ended. */
    private static final Duration KNOWN_FOR = Duration.ofSeconds(30);

    private record Look(OldTransaction oldest, Duration age) {}

    private final Supplier<Optional<OldTransaction>> oldest;
    private final LongSupplier nanos;
    private volatile Optional<OldTransaction> latest = Optional.empty();
    private volatile long lookedAt;

    /** @param oldest asks the database for the oldest transaction */
    TransactionWatch(Supplier<Optional<OldTransaction>> oldest) {
        this(oldest, System::nanoTime);
    }

    TransactionWatch(Supplier<Optional<OldTransaction>> oldest, LongSupplier nanos) {
        this.oldest = oldest;
        this.nanos = nanos;
    }

    void look() {
        Optional<OldTransaction> found = oldest.get();
        lookedAt = nanos.getAsLong();
        latest = found;
    }

    private Optional<Look> known() {
        Duration since = Duration.ofNanos(nanos.getAsLong() - lookedAt);
        return since.compareTo(KNOWN_FOR) > 0 ? Optional.empty() : latest.map(found -> new Look(found, found.age().plus(since)));
    }

    /** Returns the age of the oldest transaction; zero if there is none. */
    Duration age() {
        return known().map(Look::age).orElse(Duration.ZERO);
    }

    /** Returns what somebody should do about it; empty if it is not old. */
    String remark() {
        Look look = known().filter(old -> old.age().compareTo(OLD) >= 0).orElse(null);
        if (look == null) {
            return "";
        }
        OldTransaction found = look.oldest();
        return "%s of user %s in database %s (%s) began %d s ago: until it ends, old versions of rows stay, and requests become slower; to end it: %s"
                .formatted(found.name(), found.user(), found.database(), found.doing(), look.age().toSeconds(), found.end());
    }
}
