package dev.spillway.worker.app;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** Each refusal of a worker as each build tool sees it: a read is a miss, and a put has a status that fails no build. */
@Timeout(300)
class CacheRefusalsTest extends CacheOfBuilds {
    private static final String HASH = "0".repeat(64);
    private static final List<String> PLAIN = List.of("key", "ac/" + HASH, "v8/artifacts/1", "f/1/a/" + HASH);
    private static final String NX = "v1/cache/1";

    private void refused(String namespace, String type, int plain, String body) throws Exception {
        for (String path : PLAIN) {
            refusedAt("/cache/" + namespace + "/" + path, type, plain, body);
        }
        refusedAt("/cache/" + namespace + "/" + NX, type, 403, body);
    }

    private void refusedAt(String path, String type, int expected, String body) throws Exception {
        HttpResponse<String> put = send("PUT", path, body);
        assertThat(put.statusCode()).as("PUT " + path).isEqualTo(expected);
        assertThat(put.body()).as("PUT " + path).contains("urn:spillway:problem:" + type);
        assertThat(status("GET", path, "")).as("GET " + path).isEqualTo(404);
        assertThat(status("HEAD", path, "")).as("HEAD " + path).isEqualTo(404);
        assertThat(beforeTheBody(path, body.length())).as("Expect " + path).startsWith("HTTP/1.1 " + expected + " ");
    }

    /** The status line that comes while no byte of the body is sent. */
    private String beforeTheBody(String path, int length) throws IOException {
        URI uri = worker.uri(path);
        try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
            socket.getOutputStream()
                    .write(
                            ("PUT " + path
                                    + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/vnd.gradle.build-cache-artifact.v2\r\n"
                                    + "Content-Length: " + length + "\r\nExpect: 100-continue\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            return String.valueOf(new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII)).readLine());
        }
    }

    @Test
    void aBodyThatMayBeTakenIsAskedFor() throws Exception {
        assertThat(beforeTheBody(CACHE + "key", 3)).isEqualTo("HTTP/1.1 100 Continue");
    }

    @Test
    void anUnknownNamespaceAndOneForDirectories() throws Exception {
        refused("unknown", "unknown-namespace", 404, "x");
        refused("images", "other-backend", 409, "x");
        refused("No_Name", "invalid-value", 422, "x");
    }

    @Test
    void anArtifactThatIsTooLarge() throws Exception {
        registry.artifacts("small", 10, 5L);
        eventually(() -> status("PUT", "/cache/small/fits", "12345") < 300);
        refused("small", "too-large", 413, "123456");
    }

    /** The dialect says how a length is refused that this host never takes. */
    @Test
    void anAnnouncedLengthThatThisHostNeverTakes() throws Exception {
        assertThat(beforeTheBody(CACHE + "key", 65 << 20)).startsWith("HTTP/1.1 413 ");
        assertThat(beforeTheBody(CACHE + NX, 65 << 20)).startsWith("HTTP/1.1 403 ");
    }

    @Test
    void aHostThatDrains() throws Exception {
        registry.drain(true);
        eventually(() -> worker.get("/v1/status").body().path("draining").asBoolean());
        refused("builds", "host-draining", 503, "x");
    }

    @Test
    void aRegistryThatIsAwayAndNeverNamedTheNamespace() throws Exception {
        worker.close();
        coordinator.close();
        worker = new RunningWorker(folder.resolve("another"), RunningWorker.NOBODY, Map.of());
        refused("builds", "registry-not-reachable", 503, "x");
    }

    @Test
    void aFullDiskAndAStoreThatIsFull() throws Exception {
        worker.close();
        worker = worker(Map.of("min-free-bytes", "1000000000000000"));
        refused("builds", "disk-full", 507, "x");
        worker.close();
        worker = worker(Map.of("artifacts-max-bytes", "4"));
        assertThat(status("PUT", CACHE + "full", "12345")).isEqualTo(507);
        assertThat(status("PUT", CACHE + NX, "12345")).isEqualTo(403);
        assertThat(status("GET", CACHE + "full", "")).isEqualTo(404);
    }

    @Test
    void aContentThatWasDamagedIsAMiss() throws Exception {
        assertThat(status("PUT", CACHE + "key", "content to damage")).isEqualTo(201);
        eventually(() -> registry.entry(name("key")).isPresent());
        worker.close();
        damage(worker.data.resolve("artifacts"), "content to damage".getBytes(StandardCharsets.UTF_8));
        worker = worker(Map.of());
        assertThat(status("GET", CACHE + "key", "")).isEqualTo(404);
        assertThat(status("PUT", CACHE + "key", "content to damage")).isEqualTo(201);
        assertThat(send("GET", CACHE + "key", "").body()).isEqualTo("content to damage");
    }

    /** Changes a byte of a content wherever it is on the disk. */
    private static void damage(Path directory, byte[] content) throws IOException {
        int changed = 0;
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(new String(content, StandardCharsets.ISO_8859_1));
                if (at >= 0) {
                    bytes[at + 1] ^= 1;
                    Files.write(file, bytes);
                    changed++;
                }
            }
        }
        assertThat(changed).isPositive();
    }
}
