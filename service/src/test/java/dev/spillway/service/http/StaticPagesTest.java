package dev.spillway.service.http;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Pages from the class path: what is served, with which headers, and that nothing beside them can be reached. */
class StaticPagesTest {
    @TempDir
    Path scratch;

    private Path folder;
    private RunningService service;

    @BeforeEach
    void start() throws Exception {
        folder = scratch.resolve(".cache/spillway");
        service = new RunningService(RunningService.LIMITS, Optional.of(new StaticPages("test", List.of(folder))));
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private HttpResponse<String> send(String method, String path, String... headers) throws Exception {
        var request = HttpRequest.newBuilder(service.uri(path)).method(method, BodyPublishers.noBody());
        return service.client.send((headers.length == 0 ? request : request.headers(headers)).build(), BodyHandlers.ofString());
    }

    @Test
    void theRootLeadsToTheStartPage() throws Exception {
        for (var path : List.of("/", "/ui")) {
            assertThat(service.get(path).statusCode()).isEqualTo(302);
            assertThat(service.get(path).headers().firstValue("Location")).contains("/ui/");
            assertThat(send("HEAD", path).statusCode()).isEqualTo(302);
        }
        assertThat(service.get("/ui/").body()).isEqualTo("<!DOCTYPE html><title>test</title>\n");
        assertThat(service.get("/ui/index.html").body()).isEqualTo("<!DOCTYPE html><title>test</title>\n");
        assertThat(service.get("/ui/style.css").body()).contains("color-scheme: light dark");
    }

    @Test
    void aPageRunsNoScriptAndIsAskedForAnewEachTime() throws Exception {
        for (var path : List.of("/ui/", "/ui/style.css")) {
            var page = service.get(path);
            assertThat(page.headers().firstValue("Content-Security-Policy")).contains("default-src 'none'; style-src 'self'; "
                    + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
            assertThat(page.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
            assertThat(page.headers().firstValue("Referrer-Policy")).contains("no-referrer");
            assertThat(page.headers().allValues("Cache-Control")).containsExactly("no-cache");
            assertThat(page.headers().firstValue("Content-Type"))
                    .contains(path.endsWith("/") ? "text/html;charset=utf-8" : "text/css;charset=utf-8");
            var again = send("GET", path, "If-Modified-Since", page.headers().firstValue("Last-Modified").orElseThrow());
            assertThat(again.statusCode()).isEqualTo(304);
            assertThat(again.body()).isEmpty();
        }
    }

    @Test
    void headHasTheStatusAndTheHeadersOfGet() throws Exception {
        for (var path : List.of("/ui/", "/ui/style.css", "/ui/nothing")) {
            var get = service.get(path);
            var head = send("HEAD", path);
            assertThat(head.body()).isEmpty();
            assertThat(head.statusCode()).isEqualTo(get.statusCode());
            for (var name : List.of("Content-Type", "Content-Length", "Cache-Control", "Last-Modified", "Content-Security-Policy")) {
                assertThat(head.headers().firstValue(name)).as(path + " " + name).isEqualTo(get.headers().firstValue(name));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/ui/nothing", "/ui/below/", "/ui/../secret.txt", "/ui/../x", "/ui/%2e%2e/secret.txt", "/ui/%2e%2e/x",
            "/ui/..%2fsecret.txt", "/ui/..%2fx", "/ui/%2e%2e%2fsecret.txt", "/ui/..%5csecret.txt", "/ui/%5c..%5csecret.txt",
            "/ui/below/../../secret.txt", "/ui/%252e%252e/secret.txt", "/ui//../secret.txt", "/ui//etc/passwd", "/ui/%2fetc%2fpasswd",
            "/ui/../livez", "/ui/%00", "/ui/index.html%00",
            "/ui/%FF", "/uix", "/ui/web/test/index.html", "/secret.txt"})
    void nothingElseIsReached(String path) throws IOException {
        var answer = service.rawGet(path);
        assertThat(answer).startsWith("HTTP/1.1 404").contains("urn:spillway:problem:unknown-path").doesNotContain("secret\n", "root:");
    }

    @Test
    void onlyGetAndHeadAreTaken() throws Exception {
        for (var path : List.of("/", "/ui", "/ui/", "/ui/style.css")) {
            for (var method : List.of("POST", "PUT", "DELETE", "PATCH")) {
                var answer = send(method, path);
                assertThat(answer.statusCode()).isEqualTo(405);
                assertThat(answer.headers().firstValue("Allow")).contains("GET, HEAD");
            }
        }
    }

    @Test
    void aPageIsSentWholeWhateverRangeIsAskedFor() throws Exception {
        for (var range : List.of("bytes=0-3", "bytes=99999-", "bytes=x")) {
            var page = send("GET", "/ui/", "Range", range);
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.body()).endsWith("</title>\n");
        }
    }

    @Test
    void aPageOfAnotherSiteIsRefusedHereToo() throws Exception {
        for (var path : List.of("/", "/ui/")) {
            assertThat(send("GET", path, "Sec-Fetch-Site", "cross-site").statusCode()).isEqualTo(403);
        }
    }

    @Test
    void filesAreUnpackedForTheOwnerAloneAndRemovedAtTheEnd() throws Exception {
        var left = Files.createDirectories(folder.resolve("pages-" + UUID.randomUUID()).resolve("web"));
        Files.setLastModifiedTime(left.getParent(), FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        var other = Files.createDirectories(folder.resolve("pages-" + UUID.randomUUID()));
        var precious = Files.createDirectories(folder.resolve("pages-of-mine"));
        Files.setLastModifiedTime(precious, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        try (var second = new RunningService(RunningService.LIMITS, Optional.of(new StaticPages("test", List.of(folder))))) {
            assertThat(second.get("/ui/").statusCode()).isEqualTo(200);
            assertThat(left.getParent()).doesNotExist();
            try (var folders = Files.list(folder)) {
                var own = folders.filter(path -> !path.equals(other) && !path.equals(precious)).toList();
                assertThat(own).hasSize(2);
                for (var path : own) {
                    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path))).isEqualTo("rwx------");
                }
            }
        }
        service.close();
        assertThat(folder).isDirectoryNotContaining(path -> !path.equals(other) && !path.equals(precious));
        assertThat(precious).exists();
    }

    @Test
    void aFolderThatCannotBeUsedIsPassedOver() throws Exception {
        var file = Files.createFile(folder.resolve("file"));
        var usable = folder.resolve("usable");
        try (var second = new RunningService(RunningService.LIMITS, Optional.of(new StaticPages("test", List.of(file, usable))))) {
            assertThat(second.get("/ui/").statusCode()).isEqualTo(200);
            assertThat(usable).isNotEmptyDirectory();
        }
        assertThatThrownBy(() -> new RunningService(RunningService.LIMITS, Optional.of(new StaticPages("test", List.of(file)))))
                .hasMessage("pages: [" + file + "] (expected: a folder that can be written)");
    }

    @Test
    void aServiceWithoutPagesHasNone() throws Exception {
        try (var without = new RunningService()) {
            for (var path : List.of("/", "/ui", "/ui/")) {
                assertThat(without.get(path).statusCode()).isEqualTo(404);
            }
        }
    }
}
