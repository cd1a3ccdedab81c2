package dev.spillway.coordinator.app;

import dev.spillway.coordinator.Workers;
import dev.spillway.events.RegistryId;
import dev.spillway.memoryregistry.InMemoryRegistry;
import dev.spillway.registry.Registry;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.service.UnusableServerException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A stuck stream of events is distinguished from one without events. */
class EventWatchTest {
    private final AtomicLong nanos = new AtomicLong();
    private final Registry registry =
            new InMemoryRegistry(new RegistryId(new UUID(0, 1)), 4, RegistryRules.DEFAULTS, InstantSource.system(), new Random(1));
    private final EventWatch watch = new EventWatch(nanos::get);

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private void happens(String host) {
        new Workers(registry).join(host);
        watch.committed();
    }

    @Test
    void whatCanBeReadIsNotLate() throws Exception {
        watch.look(registry.queries());
        happens("host-1");
        assertThat(watch.age()).isPositive();
        watch.look(registry.queries());
        assertThat(watch.age()).isZero();
        pass(Duration.ofDays(1));
        watch.requireReadable();
    }

    @Test
    void whatWasCommittedAndCannotBeReadIsLateUntilItCan() throws Exception {
        watch.look(registry.queries());
        watch.committed();
        for (int second = 0; second < 10; second++) {
            watch.requireReadable();
            watch.look(registry.queries());
            pass(Duration.ofSeconds(1));
        }
        pass(Duration.ofMillis(1));
        watch.committed();
        watch.look(registry.queries());
        assertThat(watch.age()).isEqualTo(Duration.ofMillis(10_001));
        assertThatThrownBy(watch::requireReadable).isInstanceOf(UnusableServerException.class).hasMessageContaining("10 s ago");
        happens("host-1");
        watch.look(registry.queries());
        watch.requireReadable();
        assertThat(watch.age()).isZero();
    }
}
