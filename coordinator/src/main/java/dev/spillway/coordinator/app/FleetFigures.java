package dev.spillway.coordinator.app;

import dev.spillway.coordinator.core.HostState;
import dev.spillway.coordinator.core.RegistryQueries;
import dev.spillway.coordinator.core.RegistryQueries.OpenOrders;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How the fleet stands, as of the last look; figures of the registry are too dear to count whenever someone scrapes them. Thread-safe. */
final class FleetFigures {
    private record Look(OpenOrders orders, Map<HostState, Long> hosts) {}

    private final InstantSource clock;
    private volatile Look latest = new Look(new OpenOrders(0, null), Map.of());

    FleetFigures(MeterRegistry metrics, InstantSource clock) {
        this.clock = clock;
        Gauge.builder("spillway.orders.open", this, FleetFigures::openOrders)
                .description("Orders that no host has confirmed yet")
                .register(metrics);
        Gauge.builder("spillway.orders.oldest.age", this, figures -> figures.oldestAge().toMillis() / 1000.0)
                .baseUnit("seconds")
                .description("Age of the oldest open order")
                .register(metrics);
        for (HostState state : HostState.values()) {
            Gauge.builder("spillway.hosts", this, figures -> figures.latest.hosts().getOrDefault(state, 0L))
                    .tag("state", state.name().toLowerCase(Locale.ROOT))
                    .description("Hosts by state")
                    .register(metrics);
        }
    }

    void look(RegistryQueries queries) {
        latest = new Look(queries.openOrders(), queries.hostsByState());
    }

    long openOrders() {
        return latest.orders().count();
    }

    private Duration oldestAge() {
        @Nullable
        Instant oldest = latest.orders().oldestAt();
        return oldest == null ? Duration.ZERO : Duration.between(oldest, clock.instant());
    }
}
