package dev.spillway.worker.app;

import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** Artifacts by path, as build tools ask. */
@Timeout(300)
class CacheTest extends CacheOfBuilds {
    @Test
    void theKeyIsThePathAndTheSnapshotIdIsTheDigest() throws Exception {
        assertThat(status("GET", CACHE + "ab/cdef", "")).isEqualTo(404);
        assertThat(status("HEAD", CACHE + "ab/cdef", "")).isEqualTo(404);
        assertThat(status("PUT", CACHE + "ab/cdef", "object")).isEqualTo(201);
        HttpResponse<String> got = send("GET", CACHE + "ab/cdef", "");
        assertThat(got.statusCode()).isEqualTo(200);
        assertThat(got.body()).isEqualTo("object");
        assertThat(got.headers().firstValue("ETag")).contains("\"" + sha256("object") + "\"");
        HttpResponse<String> head = send("HEAD", CACHE + "ab/cdef", "");
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.headers().firstValue("Content-Length")).contains("6");
        eventually(() -> status("PUT", CACHE + "ab/cdef", "object") == 200);
        eventually(() -> registry.entry(name("ab/cdef")).map(entry -> entry.snapshotId().value().equals(sha256("object"))).orElse(false));
        assertThat(status("PUT", CACHE + "ab/cdef", "another")).isEqualTo(201);
        assertThat(send("GET", CACHE + "ab/cdef", "").body()).isEqualTo("another");
        assertThat(status("DELETE", CACHE + "ab/cdef", "")).isEqualTo(204);
        assertThat(status("GET", CACHE + "ab/cdef", "")).isEqualTo(404);
        assertThat(status("DELETE", CACHE + "ab/cdef", "")).isEqualTo(404);
    }

    /** Sends a request as it is, because clients tidy paths up. */
    private String raw(String request) throws IOException {
        try (Socket socket = new Socket(worker.uri("/").getHost(), worker.uri("/").getPort())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    void aPathIsTextAndNoFileOfThatNameIsTouched() throws Exception {
        Path outside = Files.writeString(folder.resolve("outside"), "not of the store");
        for (String path : new String[]{
                "../../../outside",
                "%2E%2E/%2E%2E/outside",
                "..%2foutside",
                "/etc/passwd",
                outside.toString(),
                "a//b"}) {
            String target = "PUT " + CACHE + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nConnection: close\r\n\r\nnew";
            assertThat(raw(target)).as(path).startsWith("HTTP/1.1 201 ");
            assertThat(raw("GET " + CACHE + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).as(path)
                    .startsWith("HTTP/1.1 200 ")
                    .endsWith("new");
        }
        eventually(() -> registry.entry(name("../../../outside")).isPresent() && registry.entry(name("/etc/passwd")).isPresent());
        assertThat(outside).hasContent("not of the store");
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files.filter(file -> file.getFileName().toString().equals("passwd"))).isEmpty();
        }
    }

    @Test
    void aKeyHasOneToAThousandAndTwentyFourBytes() throws Exception {
        assertThat(status("PUT", CACHE + "k".repeat(1_024), "x")).isEqualTo(201);
        assertThat(status("PUT", CACHE + "k".repeat(1_025), "x")).isEqualTo(422);
        assertThat(status("GET", CACHE + "k".repeat(1_025), "")).isEqualTo(404);
        assertThat(status("PUT", CACHE, "x")).isEqualTo(422);
        assertThat(status("PUT", CACHE + "%00", "x")).isEqualTo(422);
        assertThat(status("PUT", CACHE + "%FF", "x")).isEqualTo(400);
    }

    @Test
    void anUploadThatIsCutIsNotKept() throws Exception {
        String body = "0123456789";
        for (int sent = 0; sent < body.length(); sent++) {
            String path = CACHE + "cut" + sent;
            try (Socket socket = new Socket(worker.uri("/").getHost(), worker.uri("/").getPort())) {
                socket.getOutputStream()
                        .write(
                                ("PUT " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n" + body.substring(0, sent))
                                        .getBytes(StandardCharsets.US_ASCII));
            }
        }
        assertThat(status("PUT", CACHE + "whole", body)).isEqualTo(201);
        eventually(() -> registry.entry(name("whole")).isPresent());
        assertThat(registry.entries().keySet()).containsOnly(name("whole"));
        for (int sent = 0; sent < body.length(); sent++) {
            assertThat(status("GET", CACHE + "cut" + sent, "")).isEqualTo(404);
        }
    }

    @Test
    void webDavAnswersTheSequenceOfSccache() throws Exception {
        String propfind = "<?xml version=\"1.0\" encoding=\"utf-8\" ?><D:propfind xmlns:D=\"DAV:\"><D:allprop/></D:propfind>";
        assertThat(status("GET", CACHE + ".sccache_check", "")).isEqualTo(404);
        assertThat(send("PROPFIND", "/cache/builds", propfind, "Depth", "0", "Content-Type", "application/xml").statusCode())
                .isEqualTo(207);
        HttpResponse<String> root = send("PROPFIND", CACHE, propfind, "Depth", "0", "Content-Type", "application/xml");
        assertThat(root.statusCode()).isEqualTo(207);
        assertThat(root.body()).contains("<D:collection", "<D:getlastmodified>", "<D:status>HTTP/1.1 200 OK");
        for (int time = 0; time < 2; time++) {
            assertThat(status("MKCOL", CACHE, "")).isEqualTo(201);
            assertThat(status("MKCOL", CACHE + "f/1/", "")).isEqualTo(201);
        }
        assertThat(status("PUT", CACHE + ".sccache_check", "Hello, World!")).isEqualTo(201);
        assertThat(send("GET", CACHE + ".sccache_check", "").body()).isEqualTo("Hello, World!");
        String path = CACHE + "f/1/a/" + "f1a".repeat(21) + "0";
        assertThat(status("GET", path, "")).isEqualTo(404);
        assertThat(status("PROPFIND", path, propfind)).isEqualTo(404);
        assertThat(status("PROPFIND", CACHE + "f/1/a/", propfind)).isEqualTo(207);
        assertThat(status("PUT", path, "object")).isEqualTo(201);
        HttpResponse<String> file = send("PROPFIND", path, propfind);
        assertThat(file.statusCode()).isEqualTo(207);
        assertThat(file.body()).contains("<D:href>" + path + "</D:href>", "<D:getcontentlength>6</D:getcontentlength>")
                .doesNotContain("collection");
        assertThat(send("GET", path, "").body()).isEqualTo("object");
        HttpResponse<String> options = send("OPTIONS", CACHE, "");
        assertThat(options.statusCode()).isEqualTo(200);
        assertThat(options.headers().firstValue("DAV")).contains("1");
        assertThat(options.headers().firstValue("Allow").orElseThrow()).contains("MKCOL", "PROPFIND", "PUT");
        assertThat(status("PROPFIND", "/cache/unknown/", propfind)).isEqualTo(404);
        assertThat(status("MKCOL", "/cache/images/", "")).isEqualTo(409);
        assertThat(status("COPY", path, "")).isEqualTo(405);
    }

    @Test
    void turborepoGetsItsHeadersBack() throws Exception {
        String path = CACHE + "v8/artifacts/0123456789abcdef?teamId=team_1&slug=us";
        assertThat(status("HEAD", path, "")).isEqualTo(404);
        HttpResponse<String> put = send("PUT", path, "tar", "x-artifact-duration", "1234", "x-artifact-tag", "c2lnbmF0dXJl");
        assertThat(put.statusCode()).isEqualTo(202);
        assertThat(put.body()).isEqualTo("{\"urls\":[]}");
        for (String method : new String[]{"GET", "HEAD"}) {
            HttpResponse<String> got = send(method, path, "");
            assertThat(got.statusCode()).isEqualTo(200);
            assertThat(got.headers().firstValue("x-artifact-duration")).contains("1234");
            assertThat(got.headers().firstValue("x-artifact-tag")).contains("c2lnbmF0dXJl");
        }
        assertThat(send("GET", path, "").body()).isEqualTo("tar");
        // Registered, the same content is there already, and its new tag counts nevertheless.
        eventually(() -> send("GET", "/v1/artifacts/builds", "").body().contains("0123456789abcdef"));
        assertThat(send("PUT", path, "tar", "x-artifact-tag", "bmV3ZXI=").statusCode()).isEqualTo(202);
        assertThat(send("GET", path, "").headers().firstValue("x-artifact-tag")).contains("bmV3ZXI=");
        eventually(() -> registry.entry(name("v8/artifacts/0123456789abcdef")).isPresent());
        worker.send(HttpRequest.newBuilder(worker.uri("/v1/artifacts/builds/flush")).POST(BodyPublishers.noBody()).build());
        worker.close();
        worker = worker(Map.of());
        assertThat(send("GET", path, "").headers().firstValue("x-artifact-tag")).contains("bmV3ZXI=");
        assertThat(send("GET", CACHE + "v8/artifacts/status", "").body()).isEqualTo("{\"status\":\"enabled\"}");
        assertThat(
                send("POST", CACHE + "v8/artifacts/events?slug=us", "[{\"event\":\"HIT\"}]", "Content-Type", "application/json")
                        .statusCode())
                .isEqualTo(200);
        assertThat(status("POST", CACHE + "v8/artifacts/other", "[]")).isEqualTo(404);
        assertThat(status("OPTIONS", path, "")).isEqualTo(200);
        assertThat(send("PUT", path, "tar", "x-artifact-tag", "t".repeat(513)).statusCode()).isEqualTo(422);
    }

    @Test
    void nxWritesARecordOnce() throws Exception {
        String path = CACHE + "v1/cache/12345";
        assertThat(status("GET", path, "")).isEqualTo(404);
        assertThat(status("PUT", path, "tar")).isEqualTo(200);
        assertThat(status("PUT", path, "tar")).isEqualTo(409);
        assertThat(status("PUT", path, "another")).isEqualTo(409);
        assertThat(send("GET", path, "").body()).isEqualTo("tar");
    }
}
