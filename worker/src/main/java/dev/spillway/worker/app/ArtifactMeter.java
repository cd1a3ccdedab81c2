package dev.spillway.worker.app;

import dev.spillway.artifacts.ArtifactMetrics;
import dev.spillway.worker.host.artifact.HostArtifacts;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToLongFunction;

/** Metrics of a host's artifacts. */
record ArtifactMeter(HostArtifacts artifacts) implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        count(registry, "hits", "Lookups that found an artifact", ArtifactMetrics::hits);
        count(registry, "misses", "Lookups that found none", ArtifactMetrics::misses);
        count(registry, "damaged", "Artifacts that were not what was stored", ArtifactMetrics::damaged);
        count(registry, "puts", "Artifacts that were accepted", ArtifactMetrics::puts);
        count(registry, "puts.rejected", "Artifacts for which there was no room", ArtifactMetrics::rejectedPuts);
        count(registry, "flushes", "Flushes that succeeded", ArtifactMetrics::flushes);
        count(registry, "flushes.failed", "Flushes that failed", ArtifactMetrics::flushErrors);
        FunctionCounter.builder("spillway.artifacts.puts.refused", artifacts, HostArtifacts::refusedPuts)
                .description("Artifacts that were accepted, and then refused by the registry")
                .register(registry);
        FunctionCounter.builder("spillway.artifacts.fetched", artifacts, HostArtifacts::fetched)
                .description("Copies that other hosts gave")
                .register(registry);
        Gauge.builder("spillway.artifacts", artifacts, host -> host.metrics().entries())
                .description("Artifacts on the disk")
                .register(registry);
        Gauge.builder("spillway.artifacts.size", artifacts, host -> host.metrics().cachedBytes())
                .description("Bytes of the artifacts on the disk")
                .baseUnit("bytes")
                .register(registry);
    }

    private void count(MeterRegistry registry, String name, String description, ToLongFunction<ArtifactMetrics> figure) {
        FunctionCounter.builder("spillway.artifacts." + name, artifacts, host -> figure.applyAsLong(host.metrics()))
                .description(description)
                .register(registry);
    }
}
