package dev.spillway.bench.http;

import dev.spillway.bench.Benchmark;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.fleet.SmallFleet;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Run;
import dev.spillway.bench.measure.Scenario;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Measures reads of artifacts by wrk, with nginx as the baseline, which serves the same bytes from files, and by clients that exist for one read. */
public final class ArtifactsHttpBenchmark implements Benchmark {
    private static final String NAMESPACE = "artifacts";
    private static final int CONNECTIONS = 16;
    private static final int CLIENTS = 4;
    private static final int WARM_UPS = 4;
    private static final List<Size> SIZES = List.of(
            new Size("4 KiB", 4 << 10, 0.4),
            new Size("64 KiB", 64 << 10, null),
            new Size("1 MiB", 1 << 20, 0.8),
            new Size("16 MiB", 16 << 20, null));

    /** @param bound bound of the ratio to nginx; absent for none */
    private record Size(String name, int bytes, @Nullable Double bound) {}

    private record Pair(Size size, Wrk ours, Wrk nginx) {}

    @Override
    public String name() {
        return "artifacts-http";
    }

    @Override
    public String description() {
        return "reads of artifacts, beside nginx";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        progress.step("starting a fleet of one host");
        try (SmallFleet fleet = SmallFleet.start(Map.of("ccache-namespace", NAMESPACE))) {
            Machine machine = Machine.read(fleet.folder());
            for (Size size : SIZES) {
                put(fleet, size);
            }
            List<Figure> figures = new ArrayList<>();
            List<Bar> bars = new ArrayList<>();
            Map<String, String> settings = new TreeMap<>(Map.of("connections of wrk", Integer.toString(CONNECTIONS)));
            Optional<String> missing = List.of("wrk", "nginx").stream().filter(tool -> Tools.path(tool).isEmpty()).findFirst();
            if (missing.isPresent()) {
                progress.step(
                        "reads beside nginx are not measured: %s is not installed (expected: Debian's wrk and nginx-light)"
                                .formatted(missing.get()));
                settings.put("beside nginx", "not measured, without " + missing.get());
            } else {
                besideNginx(fleet, effort, progress, figures, bars);
            }
            List<Scenario> clients = shortLived(fleet, effort, progress);
            return run.report(
                    machine,
                    settings,
                    clients.stream().map(Scenario::result).toList(),
                    figures,
                    List.of(),
                    bars);
        } catch (IOException e) {
            throw new BenchmarkFailedException("artifacts-http: " + e, e);
        }
    }

    private static byte[] content(Size size) {
        byte[] bytes = new byte[size.bytes()];
        new Random(size.bytes()).nextBytes(bytes);
        return bytes;
    }

    private static String key(Size size) {
        return "ab/%064d".formatted(size.bytes());
    }

    private static String path(Size size) {
        return "/cache/" + NAMESPACE + "/" + key(size);
    }

    private static void put(SmallFleet fleet, Size size) throws IOException, InterruptedException {
        String namespace = "/v1/namespaces/" + NAMESPACE;
        new Exchange(fleet.coordinator(), caller -> () -> Exchange.put(namespace, "{\"maxEntries\":1000,\"backend\":\"ARTIFACT\"}")).once();
        try (HttpClient client = HttpClient.newHttpClient()) {
            int status = client.send(
                    HttpRequest.newBuilder(URI.create("http://" + fleet.worker() + path(size)))
                            .PUT(BodyPublishers.ofByteArray(content(size)))
                            .build(),
                    BodyHandlers.discarding()).statusCode();
            if (status != 201) {
                throw new BenchmarkFailedException("put of %s: %d (expected: 201)".formatted(size.name(), status));
            }
        }
    }

    private static void besideNginx(SmallFleet fleet, Effort effort, StepListener progress, List<Figure> figures, List<Bar> bars)
            throws IOException, InterruptedException {
        try (Nginx nginx = Nginx.start(Files.createDirectories(fleet.folder().resolve("nginx")))) {
            List<Pair> pairs = new ArrayList<>();
            for (Size size : SIZES) {
                String file = "/" + size.bytes();
                nginx.serve(file.substring(1), content(size));
                requireSame(Exchange.get(fleet.worker(), path(size)).once(), size);
                requireSame(Exchange.get(nginx.address(), file).once(), size);
                pairs.add(new Pair(size, new Wrk(fleet.worker(), path(size), CONNECTIONS), new Wrk(nginx.address(), file, CONNECTIONS)));
            }
            for (Pair pair : pairs) {
                progress.step("warming up: GET of " + pair.size().name());
                // The worker's code is compiled only after some use, so it is warmed up for longer.
                pair.ours().warm(effort.measured().multipliedBy(WARM_UPS));
                pair.nginx().warm(effort.warmUp());
            }
            for (int round = 1; round <= effort.rounds(); round++) {
                for (Pair pair : pairs) {
                    progress.step("round %d of %d: GET of %s".formatted(round, effort.rounds(), pair.size().name()));
                    pair.nginx().measure(effort.measured());
                    pair.ours().measure(effort.measured());
                }
            }
            for (Pair pair : pairs) {
                String what = "GET of " + pair.size().name();
                figures.add(new Figure(what, pair.ours().perSecond(), "per second"));
                figures.add(new Figure(what + ", nginx", pair.nginx().perSecond(), "per second"));
                if (pair.size().bound() != null) {
                    bars.add(Bar.atLeast(what + ", to nginx", pair.ours().perSecond(), pair.nginx().perSecond(), pair.size().bound()));
                }
            }
        }
    }

    private static void requireSame(byte[] answered, Size size) {
        if (!Arrays.equals(answered, content(size))) {
            throw new BenchmarkFailedException("GET of %s: other bytes than were put".formatted(size.name()));
        }
    }

    private static List<Scenario> shortLived(SmallFleet fleet, Effort effort, StepListener progress) throws InterruptedException {
        Size small = SIZES.getFirst();
        Path socket = fleet.folder().resolve("host-1").resolve("ccache.sock");
        List<Scenario> scenarios = List.of(
                new Scenario(
                        "connect, one get of 4 KiB, close: helper socket",
                        "clients",
                        1,
                        CLIENTS,
                        ShortLivedClients.helper(socket, key(small).replace("/", ""), small.bytes())),
                new Scenario(
                        "connect, one get of 4 KiB, close: HTTP",
                        "clients",
                        1,
                        CLIENTS,
                        ShortLivedClients.http(fleet.worker(), path(small), small.bytes())));
        for (Scenario scenario : scenarios) {
            progress.step("warming up: " + scenario.title());
            scenario.warm(effort);
        }
        for (int round = 1; round <= effort.rounds(); round++) {
            for (Scenario scenario : scenarios) {
                progress.step("round %d of %d: %s".formatted(round, effort.rounds(), scenario.title()));
                scenario.measure(effort);
            }
        }
        return scenarios;
    }
}
