package dev.spillway.bench.directories;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.bench.Benchmark;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.fleet.SmallFleet;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Commands;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Run;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Trees that one host takes from another over loopback, beside {@code tar} piped to {@code tar} with {@code sync -f}. */
public final class PeersBenchmark implements Benchmark {
    private static final double FETCH_BOUND = 1.2;
    private static final int HERD = 100;
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public String name() {
        return "peers";
    }

    @Override
    public String description() {
        return "trees that a host takes from another one, beside tar";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        progress.step("starting a fleet of two hosts");
        try (SmallFleet fleet = SmallFleet.start(); HttpClient client = HttpClient.newHttpClient()) {
            Hosts hosts = new Hosts(client, fleet.worker(), fleet.worker("host-2", Map.of()).address().toString());
            send(client, "PUT", "http://" + fleet.coordinator() + "/v1/namespaces/bench", "{\"maxEntries\":100}");
            progress.step("making trees");
            Path folder = Files.createDirectories(fleet.folder().resolve("trees"));
            List<Comparison> lines = new ArrayList<>();
            for (SampleTree tree : SampleTree.make(folder, effort.quick())) {
                Comparison line = new Comparison("fetch, " + tree.name(), "tar to tar and sync -f, " + tree.name(), FETCH_BOUND);
                for (int round = 0; round <= effort.rounds(); round++) {
                    progress.step("%s, round %d of %d".formatted(tree.name(), round, effort.rounds()));
                    round(hosts, folder, tree, tree.path().getFileName() + "-" + round, round == 0 ? new Comparison("", "", 0) : line);
                }
                lines.add(line);
            }
            progress.step("%d gets of one tree at the same time".formatted(HERD));
            long fetches = herd(hosts, folder.resolve("small-files"));
            List<Bar> bars = new ArrayList<>(lines.stream().map(Comparison::bar).toList());
            bars.add(Bar.atMost("copies taken by %d gets at the same time".formatted(HERD), (double) fetches, 1));
            return run.report(
                    Machine.read(folder),
                    Map.of(),
                    List.of(),
                    lines.stream().<Figure>flatMap(line -> line.figures().stream()).toList(),
                    List.of(new Check("copies taken", new TreeMap<>(Map.of("copies", hosts.fetched())))),
                    bars);
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new BenchmarkFailedException("peers: " + e, e);
        }
    }

    /** The host that has a tree, and the one that takes it. */
    private record Hosts(HttpClient client, String holder, String taker) {
        static String entry(String host, String key) {
            return "http://" + host + "/v1/directories/bench/entries/" + key;
        }

        void put(String key, Path tree) throws IOException, InterruptedException {
            send(client, "PUT", entry(holder, key), JSON.writeValueAsString(Map.of("sourceDir", tree.toString())));
        }

        JsonNode take(String key) throws IOException, InterruptedException {
            return send(client, "GET", entry(taker, key), "");
        }

        void delete(String key) throws IOException, InterruptedException {
            send(client, "DELETE", entry(holder, key), "");
        }

        long fetched() throws IOException, InterruptedException {
            return client.send(HttpRequest.newBuilder(URI.create("http://" + taker + "/metrics")).build(), BodyHandlers.ofString())
                    .body()
                    .lines()
                    .filter(line -> line.startsWith("spillway_directories_fetched_total "))
                    .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                    .sum();
        }
    }

    private static void round(Hosts hosts, Path folder, SampleTree tree, String key, Comparison line)
            throws IOException, InterruptedException {
        Path copy = Files.createDirectory(folder.resolve("copy"));
        line.theirs(() -> {
            Commands.pipe(
                    List.of(
                            List.of("tar", "-C", tree.path().toString(), "-cf", "-", "."),
                            List.of("tar", "-C", copy.toString(), "-xf", "-")));
            Commands.run("sync", "-f", copy.toString());
        });
        Commands.run("rm", "-rf", copy.toString());
        hosts.put(key, tree.path());
        Commands.run("sync", "-f", folder.toString());
        line.ours(() -> {
            JsonNode taken = hosts.take(key);
            if (!taken.path("source").asText().equals("peer")) {
                throw new BenchmarkFailedException("fetch: " + taken + " (expected: from a peer)");
            }
        });
        hosts.delete(key);
        Commands.run("sync", "-f", folder.toString());
    }

    private static long herd(Hosts hosts, Path tree) throws IOException, InterruptedException, ExecutionException {
        long before = hosts.fetched();
        hosts.put("herd", tree);
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<JsonNode>> gets = new ArrayList<>();
            for (int caller = 0; caller < HERD; caller++) {
                gets.add(callers.submit(() -> hosts.take("herd")));
            }
            for (Future<JsonNode> get : gets) {
                var _ = get.get();
            }
        }
        return hosts.fetched() - before;
    }

    private static JsonNode send(HttpClient client, String method, String url, String body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        if (body.isEmpty()) {
            request.method(method, BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json").method(method, BodyPublishers.ofString(body));
        }
        HttpResponse<String> answer = client.send(request.build(), BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new BenchmarkFailedException("%s %s: %d %s (expected: 200)".formatted(method, url, answer.statusCode(), answer.body()));
        }
        return JSON.readTree(answer.body());
    }
}
