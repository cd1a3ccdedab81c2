package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.service.settings.Sources;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A worker with its HTTP client. */
final class RunningWorker implements AutoCloseable {
    static final ObjectMapper JSON = new ObjectMapper();
    /** Nothing listens there. */
    static final String NOBODY = "127.0.0.1:1";
    /** Bounds a hang. No machine is so slow that what is awaited takes longer. */
    static final Duration HANG = Duration.ofMinutes(5);

    final Path data;
    final CompletableFuture<Throwable> failed = new CompletableFuture<>();
    final Worker worker;
    final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** An answer with its body as JSON. */
    record Answer(int status, JsonNode body) {
        String type() {
            return body.path("type").asText();
        }

        String detail() {
            return body.path("detail").asText();
        }
    }

    RunningWorker(Path data, String coordinators, Map<String, String> more) throws Exception {
        this.data = data;
        this.worker = Worker.start(settings(data, coordinators, more), failed::complete);
    }

    static WorkerSettings settings(Path data, String coordinators, Map<String, String> more) throws Exception {
        Map<String, String> values =
                new HashMap<>(
                        Map.of(
                                "host-id",
                                "host-1",
                                "data",
                                data.toString(),
                                "listen",
                                "127.0.0.1:0",
                                "coordinators",
                                coordinators,
                                "kafka-servers",
                                NOBODY,
                                "kafka-delivery-timeout",
                                "1s",
                                "allowed-sources",
                                "/"));
        values.putAll(more);
        return WorkerSettings.read(Sources.of(values));
    }

    URI uri(String path) {
        return URI.create("http://" + worker.address() + path);
    }

    /** Fills in the parameters of a described path. */
    static String filled(String template) {
        return template.replace("{namespace}", "images")
                .replace("{key}", "a")
                .replace("{path...}", "a/b")
                .replace("{id}", "0")
                .replace("{name}", "ROOT")
                .replace("{pager}", "engine")
                .replace("{sequence}", "chat")
                .replace("{pool}", "ssm")
                .replace("{fingerprint}", "0".repeat(64));
    }

    static String entry(String key) {
        return "/v1/directories/images/entries/" + URLEncoder.encode(key, StandardCharsets.UTF_8).replace("+", "%20");
    }

    Answer get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path)).build());
    }

    Answer delete(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri(path)).DELETE().build());
    }

    Answer put(String path, String json, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).header("Content-Type", "application/json");
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.PUT(BodyPublishers.ofString(json)).build());
    }

    /** Stores a directory and returns the answer. */
    Answer store(String key, Path source, String... headers) throws IOException, InterruptedException {
        return put(entry(key), JSON.writeValueAsString(Map.of("sourceDir", source.toString())), headers);
    }

    Answer send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
        return new Answer(
                response.statusCode(),
                JSON.readTree(response.body().length == 0 ? "{}".getBytes(StandardCharsets.UTF_8) : response.body()));
    }

    RunningWorker joined() throws Exception {
        eventually(() -> get("/v1/status").body().path("joined").asBoolean());
        return this;
    }

    /** The names in one of the store's areas. */
    List<String> area(String name) throws IOException {
        return names(data.resolve(name));
    }

    static List<String> names(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    /** Polls until it is so; fails when it hangs. */
    static void eventually(Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + HANG.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not so within " + HANG);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }

    @Override
    public void close() {
        client.close();
        worker.close();
    }
}
