package dev.spillway.worker.app;

import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.eventually;

/** A worker with a namespace for build tools. */
abstract class CacheOfBuilds {
    static final String CACHE = "/cache/builds/";

    @TempDir
    Path folder;
    TestRegistry registry;
    TestCoordinator coordinator;
    RunningWorker worker;
    private @Nullable RunningWorker second;

    @BeforeEach
    void start() throws Exception {
        registry = new TestRegistry().artifacts("builds", 1_000, null).namespace("images", 10, null);
        coordinator = new TestCoordinator(registry, 0);
        worker = worker(Map.of());
    }

    RunningWorker worker(Map<String, String> settings) throws Exception {
        return new RunningWorker(folder.resolve("store"), coordinator.address().toString(), settings).joined();
    }

    /** Starts another host of the same fleet. */
    RunningWorker another() throws Exception {
        second = new RunningWorker(folder.resolve("store-2"), coordinator.address().toString(), Map.of("host-id", "host-2")).joined();
        return second;
    }

    @AfterEach
    void stop() {
        if (second != null) {
            second.close();
        }
        worker.close();
        coordinator.close();
    }

    HttpResponse<String> send(String method, String path, String body, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(worker.uri(path))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return worker.client.send(request.build(), BodyHandlers.ofString());
    }

    int status(String method, String path, String body) throws IOException, InterruptedException {
        return send(method, path, body).statusCode();
    }

    static String sha256(String text) {
        return sha256(text.getBytes(StandardCharsets.UTF_8));
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    static EntryName name(String path) {
        return new EntryName(new NamespaceName("builds"), new EntryKey(path));
    }

    /** Waits until the registry knows all that this host took, so that another host finds it. */
    void awaitRegistered() throws Exception {
        eventually(() -> worker.get("/v1/status").body().path("replicas").path("PENDING").asInt() == 0 && !registry.entries().isEmpty());
    }
}
