package dev.spillway.service.http;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.spi.observability.HttpRequest;
import io.vertx.micrometer.Label;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Metrics of HTTP servers, by route, method and status. */
final class HttpMetrics {
    /** A method that is none of these is counted as {@code other}: each text that a client invents would make a series for ever. */
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PROPFIND", "MKCOL");

    private HttpMetrics() {}

    /** A Vert.x whose HTTP servers are measured. */
    static Vertx vertx(VertxOptions options, MeterRegistry registry) {
        var measured = new MicrometerMetricsOptions().setEnabled(true)
                .setDisabledMetricsCategories(Arrays.stream(MetricsDomain.values())
                        .filter(domain -> domain != MetricsDomain.HTTP_SERVER)
                        .map(MetricsDomain::toCategory)
                        .collect(Collectors.toSet()))
                .setLabels(Set.of(Label.HTTP_ROUTE, Label.HTTP_CODE))
                .setServerRequestTagsProvider(HttpMetrics::method);
        return Vertx.builder().with(options.setMetricsOptions(measured)).withMetrics(new MicrometerMetricsFactory(registry)).build();
    }

    private static List<Tag> method(HttpRequest request) {
        var method = request.method().name();
        return List.of(Tag.of("method", METHODS.contains(method) ? method : "other"));
    }
}
