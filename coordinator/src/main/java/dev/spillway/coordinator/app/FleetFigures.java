package dev.spillway.coordinator.app;

import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.registry.RegistryQueries;
import dev.spillway.registry.RegistryQueries.OpenOrders;
import dev.spillway.registry.RegistryQueries.UnpublishedFacts;
import dev.spillway.registry.model.HostState;
import dev.spillway.registry.model.JoinRefusal;
import dev.spillway.registry.model.Sighting;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Figures of the fleet, counted at intervals, because counting at each scrape costs too much. Ages use the registry's clock, because this machine's
 * clock may be hours off. Thread-safe.
 */
final class FleetFigures {
    private record Look(
            OpenOrders orders,
            UnpublishedFacts facts,
            Map<HostState, Long> hosts,
            Map<JoinAnswer.Reason, Long> refused,
            Map<Sighting.Kind, Long> discrepancies,
            long nanos) {}

    private volatile @Nullable Look latest;

    FleetFigures(MeterRegistry metrics) {
        Gauge.builder("spillway.orders.open", this, FleetFigures::openOrders)
                .description("Orders that no host has confirmed yet")
                .register(metrics);
        age(metrics, "spillway.orders.oldest.age", "Age of the oldest open order", this::oldestOrder);
        Gauge.builder("spillway.facts.unpublished", this, FleetFigures::unpublishedFacts)
                .description("Facts of evictions that Kafka is not known to have")
                .register(metrics);
        age(metrics, "spillway.facts.oldest.age", "Age of the oldest fact that Kafka is not known to have", this::oldestFact);
        for (HostState state : HostState.values()) {
            Gauge.builder("spillway.hosts", this, figures -> figures.count(Look::hosts, state))
                    .tag("state", tag(state))
                    .description("Hosts by state")
                    .register(metrics);
        }
        for (JoinAnswer.Reason reason : JoinAnswer.Reason.values()) {
            Gauge.builder("spillway.hosts.refused", this, figures -> figures.count(Look::refused, reason))
                    .tag("reason", tag(reason))
                    .description("Workers that asked to join in the last ten minutes and are refused, by reason")
                    .register(metrics);
        }
        for (Sighting.Kind kind : Sighting.Kind.values()) {
            Gauge.builder("spillway.discrepancies", this, figures -> figures.count(Look::discrepancies, kind))
                    .tag("kind", tag(kind))
                    .description("Orphans and ghosts that wait for a second look or for a person")
                    .register(metrics);
        }
    }

    /**
     * Registers a gauge of an age in seconds with a strong reference to its supplier. With a weak reference, the default, the gauge shows nothing
     * once the supplier is garbage-collected.
     */
    static void age(MeterRegistry metrics, String name, String description, Supplier<Duration> age) {
        Gauge.builder(name, () -> age.get().toMillis() / 1000.0).baseUnit("seconds").description(description).register(metrics);
    }

    void look(RegistryQueries queries) {
        latest = new Look(
                queries.openOrders(),
                queries.unpublishedFacts(),
                queries.hostsByState(),
                queries.joinRefusals(JoinRefusal.KEPT_MAX)
                        .stream()
                        .collect(Collectors.groupingBy(JoinRefusal::reason, Collectors.counting())),
                queries.discrepancies(),
                System.nanoTime());
    }

    long openOrders() {
        Look look = latest;
        return look == null ? 0 : look.orders().count();
    }

    private long unpublishedFacts() {
        Look look = latest;
        return look == null ? 0 : look.facts().count();
    }

    private <K> long count(Function<Look, Map<K, Long>> counts, K key) {
        Look look = latest;
        return look == null ? 0 : counts.apply(look).getOrDefault(key, 0L);
    }

    private static String tag(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    Duration oldestOrder() {
        Look look = latest;
        return look == null ? Duration.ZERO : age(look, look.orders().oldestAt());
    }

    Duration oldestFact() {
        Look look = latest;
        return look == null ? Duration.ZERO : age(look, look.facts().oldestAt());
    }

    private static Duration age(Look look, @Nullable Instant since) {
        if (since == null) {
            return Duration.ZERO;
        }
        Duration age = Duration.between(since, look.facts().readAt()).plusNanos(System.nanoTime() - look.nanos());
        return age.isNegative() ? Duration.ZERO : age;
    }
}
