package dev.spillway.dev.fleet;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Entries of a group in a fleet: they go together from the registry and from every host. */
@Tag("full")
class ArtifactGroupsTest {
    /** A project's files as the Maven build cache extension names them. */
    private static final String BUILD = "v1.1/org.example/app/0123456789abcdef/";
    private static final List<String> FILES = List.of("app.jar", "app-sources.jar", "buildinfo.xml");

    @TempDir
    private static Path scratch;
    private static FleetInProcess fleet;
    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeAll
    static void start() throws Exception {
        fleet = new FleetInProcess(scratch.resolve("fleet"), 2);
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    private static void namespace(String name, int maxEntries) throws Exception {
        namespace(name, "--max-entries", Integer.toString(maxEntries));
    }

    private static void namespace(String name, String limit, String value) throws Exception {
        Spillway.Ran ran = Spillway.run("namespace", "set", name, limit, value, "--backend", "artifact", "--url", fleet.url());
        assertThat(ran.exitCode()).as(ran.err()).isZero();
    }

    private int put(int host, String path) throws Exception {
        return put(host, path, path);
    }

    private int put(int host, String path, String content) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create(fleet.workerUrl(host) + path)).PUT(BodyPublishers.ofString(content)).build(),
                BodyHandlers.discarding()).statusCode();
    }

    private int status(int host, String path) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create(fleet.workerUrl(host) + path)).build(), BodyHandlers.discarding()).statusCode();
    }

    private boolean isRegistered(String namespace, String key) throws Exception {
        URI entry = URI.create(fleet.url() + "/v1/namespaces/" + namespace + "/entries/" + key);
        return http.send(HttpRequest.newBuilder(entry).build(), BodyHandlers.discarding()).statusCode() == 200;
    }

    @Test
    void aBuildOfMavenGoesAsAWholeFromEachHost() throws Exception {
        namespace("builds", 5);
        for (String file : FILES) {
            assertThat(put(1, "/cache/builds/" + BUILD + file)).isEqualTo(201);
            Eventually.holds(Eventually.HANG, () -> assertThat(status(2, "/cache/builds/" + BUILD + file)).isEqualTo(200));
        }
        for (String other : List.of("a", "b", "c")) {
            assertThat(put(2, "/cache/builds/" + other)).isEqualTo(201);
        }
        for (int host : new int[]{1, 2}) {
            for (String file : FILES) {
                Eventually.holds(
                        Eventually.HANG,
                        () -> assertThat(status(host, "/cache/builds/" + BUILD + file)).as("%s on host %d", file, host).isEqualTo(404));
            }
            for (String other : List.of("a", "b", "c")) {
                Eventually.holds(Eventually.HANG, () -> assertThat(status(host, "/cache/builds/" + other)).isEqualTo(200));
            }
        }
    }

    /** Its second file is refused, mostly after it was accepted, and the description, which comes after both, fits. */
    @Test
    void aBuildOfMavenWithoutOneOfItsFilesIsNoHit() throws Exception {
        namespace("small", "--max-bytes", "8KiB");
        String build = "<build><artifact><fileName>app.jar</fileName><fileHash>1</fileHash></artifact><attachedArtifacts>"
                + "<attachedArtifact><fileName>app-sources.jar</fileName><fileHash>2</fileHash></attachedArtifact></attachedArtifacts></build>";
        List<String> contents = List.of("a".repeat(6_000), "s".repeat(6_000), build);
        for (int file = 0; file < FILES.size(); file++) {
            assertThat(put(1, "/cache/small/" + BUILD + FILES.get(file), contents.get(file))).isIn(201, 507);
        }
        Eventually.holds(Eventually.HANG, () -> assertThat(isRegistered("small", escaped(BUILD + "buildinfo.xml"))).isTrue());
        for (int host : new int[]{1, 2}) {
            Eventually.holds(Eventually.HANG, () -> {
                assertThat(status(host, "/cache/small/" + BUILD + "app.jar")).isEqualTo(200);
                assertThat(status(host, "/cache/small/" + BUILD + "app-sources.jar")).isEqualTo(404);
                assertThat(status(host, "/cache/small/" + BUILD + "buildinfo.xml")).isEqualTo(404);
            });
        }
        assertThat(put(1, "/cache/small/" + BUILD + "app-sources.jar", "small")).isEqualTo(201);
        for (int host : new int[]{1, 2}) {
            Eventually.holds(Eventually.HANG, () -> assertThat(status(host, "/cache/small/" + BUILD + "buildinfo.xml")).isEqualTo(200));
        }
    }

    private static String escaped(String key) {
        return URLEncoder.encode(key, StandardCharsets.UTF_8);
    }

    @Test
    void aDeleteOfOneDeletesAll() throws Exception {
        namespace("objects", 100);
        for (int number = 0; number < 3; number++) {
            String fingerprint = Integer.toString(number).repeat(64);
            assertThat(put(1, "/v1/artifacts/objects/" + fingerprint + "?group=pipeline")).isIn(200, 201, 202);
        }
        for (int number = 0; number < 3; number++) {
            String fingerprint = Integer.toString(number).repeat(64);
            Eventually.holds(Eventually.HANG, () -> assertThat(isRegistered("objects", fingerprint)).isTrue());
        }
        assertThat(
                http
                        .send(
                                HttpRequest.newBuilder(URI.create(fleet.workerUrl(1) + "/v1/artifacts/objects/" + "1".repeat(64)))
                                        .DELETE()
                                        .build(),
                                BodyHandlers.discarding())
                        .statusCode())
                .isEqualTo(200);
        for (int number = 0; number < 3; number++) {
            String fingerprint = Integer.toString(number).repeat(64);
            assertThat(isRegistered("objects", fingerprint)).isFalse();
            Eventually.holds(Eventually.HANG, () -> assertThat(status(1, "/v1/artifacts/objects/" + fingerprint)).isEqualTo(404));
        }
    }
}
