package dev.spillway.bench.registry;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.coordinator.http.Backlog;
import dev.spillway.coordinator.http.CoordinatorRoutes;
import dev.spillway.coordinator.http.Usage;
import dev.spillway.coordinator.identity.FleetSecret;
import dev.spillway.events.codec.Json;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.registry.RegistryUnavailableException;
import dev.spillway.service.http.HttpLimits;
import dev.spillway.service.http.HttpService;
import dev.spillway.service.monitoring.Readiness;
import dev.spillway.service.monitoring.ServiceEndpoints;
import dev.spillway.service.monitoring.ServiceMetrics;
import dev.spillway.service.settings.HostPort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;

/** The way over the coordinator's HTTP, with its own listener and routes and a client in the same process. Thread-safe. */
final class ServedPuts implements RegistryPuts.Way, AutoCloseable {
    private static final Duration READY_WITHIN = Duration.ofSeconds(5);
    private static final int OK = 200;
    private static final int UNAVAILABLE = 503;

    private final ServiceMetrics metrics = new ServiceMetrics();
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ObjectMapper json = Json.tolerant();
    private final HttpService service;

    private ServedPuts(FilledRegistry stage) throws IOException, InterruptedException {
        // Orders are not confirmed here, so the bound on open orders is disabled.
        service = HttpService.start(
                new HttpService.Options(
                        "bench",
                        new HostPort("127.0.0.1", 0),
                        Optional.empty(),
                        HttpLimits.DEFAULT,
                        ServiceEndpoints.with(
                                CoordinatorRoutes.of(
                                        stage.registry(),
                                        new Backlog(() -> 0, Long.MAX_VALUE),
                                        new Usage(stage.usage(), () -> {}),
                                        FleetSecret.random(new SecureRandom()),
                                        InstantSource.system()),
                                new Readiness(READY_WITHIN),
                                metrics,
                                Optional.of(CoordinatorRoutes.OPENAPI)),
                        CoordinatorRoutes::failure,
                        Optional.empty(),
                        metrics.registry()));
    }

    static ServedPuts start(FilledRegistry stage) throws InterruptedException {
        try {
            return new ServedPuts(stage);
        } catch (IOException e) {
            throw new BenchmarkFailedException("serving HTTP: " + e.getMessage(), e);
        }
    }

    @Override
    public ReplicaOutcome.Registered register(RegisterRequest request) throws IOException, InterruptedException {
        HttpResponse<byte[]> answer = client.send(
                HttpRequest.newBuilder(URI.create("http://" + service.address() + "/v1/workers/" + request.hostId() + "/register"))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofByteArray(json.writeValueAsBytes(request)))
                        .build(),
                BodyHandlers.ofByteArray());
        return switch (answer.statusCode()) {
            case OK -> FilledRegistry.registered(json.readValue(answer.body(), ReplicaOutcomes.class));
            case UNAVAILABLE -> throw new RegistryUnavailableException(request.hostId() + ": try again later", null);
            default -> throw new BenchmarkFailedException(
                    "register over HTTP: %d %s (expected: %d)".formatted(
                            answer.statusCode(),
                            new String(answer.body(), StandardCharsets.UTF_8),
                            OK));
        };
    }

    @Override
    public void close() {
        client.close();
        service.close();
        metrics.close();
    }
}
