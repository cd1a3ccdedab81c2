package dev.spillway.service.monitoring;

import dev.spillway.api.CommonApi;
import dev.spillway.service.http.Endpoint;
import dev.spillway.service.http.Response;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The paths that every service has: {@code /livez}, {@code /readyz}, {@code /metrics}, {@code /v1/loggers}, {@code /openapi.yaml}. */
public final class ServiceEndpoints {
    private static final Response ALIVE = Response.ok(Map.of("alive", true));

    private ServiceEndpoints() {}

    /**
     * Returns the given endpoints together with the common ones.
     *
     * @param openApiResource absolute name of the classpath resource that describes the service
     */
    public static Function<Vertx, List<Endpoint>> with(
            List<Endpoint> endpoints,
            Readiness readiness,
            ServiceMetrics metrics,
            Optional<String> openApiResource) throws IOException {
        var openApi = openApiResource.isPresent() ? Optional.of(resource(openApiResource.get())) : Optional.<byte[]>empty();
        return vertx -> {
            var all = new ArrayList<>(endpoints);
            all.add(Endpoint.of(CommonApi.LIVENESS, request -> ALIVE).immediately(request -> Optional.of(ALIVE)).always());
            var health = readiness.checks(vertx);
            all.add(Endpoint.of(CommonApi.READINESS, request -> {
                var report = health.report();
                return Response.json(report.ready() ? 200 : 503, report);
            }).always());
            all.add(
                    Endpoint.of(
                            CommonApi.METRICS,
                            request -> Response.bytes(
                                    "text/plain; version=0.0.4; charset=utf-8",
                                    metrics.registry().scrape().getBytes(StandardCharsets.UTF_8)))
                            .always());
            all.addAll(LoggerEndpoints.all());
            openApi.ifPresent(
                    text -> all.add(Endpoint.of(CommonApi.OPEN_API, request -> Response.bytes("application/yaml", text)).always()));
            return all;
        };
    }

    private static byte[] resource(String name) throws IOException {
        try (var stream = ServiceEndpoints.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new IOException("resource: " + name + " (expected: on the class path)");
            }
            return stream.readAllBytes();
        }
    }
}
