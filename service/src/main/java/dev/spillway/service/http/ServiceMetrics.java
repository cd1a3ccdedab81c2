package dev.spillway.service.http;

import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.spi.observability.HttpRequest;
import io.vertx.micrometer.Label;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The metrics of one service, with those of its JVM and its HTTP server, in Prometheus' text format. */
public final class ServiceMetrics implements AutoCloseable {
    /** A method that is none of these is counted as {@code other}: each text that a client invents would make a series for ever. */
    private static final Map<String, List<Tag>> METHODS = Stream.of("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS")
            .collect(Collectors.toUnmodifiableMap(Function.identity(), method -> List.of(Tag.of("method", method))));
    private static final List<Tag> OTHER_METHOD = List.of(Tag.of("method", "other"));

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();

    public ServiceMetrics() {
        // One gauge for each listener, under one name: the second one would be refused with a warning.
        registry.config().meterFilter(MeterFilter.denyNameStartsWith("vertx.http.server.active"));
        new ClassLoaderMetrics().bindTo(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        collections.bindTo(registry);
    }

    /** Where a service registers metrics of its own. */
    public PrometheusMeterRegistry registry() {
        return registry;
    }

    /** A Vert.x whose HTTP servers are measured here. */
    VertxBuilder vertx(VertxOptions options) {
        var measured = new MicrometerMetricsOptions().setEnabled(true)
                .setDisabledMetricsCategories(Arrays.stream(MetricsDomain.values())
                        .filter(domain -> domain != MetricsDomain.HTTP_SERVER)
                        .map(MetricsDomain::toCategory)
                        .collect(Collectors.toSet()))
                .setLabels(Set.of(Label.HTTP_ROUTE, Label.HTTP_CODE))
                .setServerRequestTagsProvider(ServiceMetrics::method);
        return Vertx.builder().with(options.setMetricsOptions(measured)).withMetrics(new MicrometerMetricsFactory(registry));
    }

    private static List<Tag> method(HttpRequest request) {
        return METHODS.getOrDefault(request.method().name(), OTHER_METHOD);
    }

    @Override
    public void close() {
        collections.close();
        registry.close();
    }
}
