package dev.spillway.service.http;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Pages from the class path: what is served, with which headers, and that nothing beside them can be reached. */
class StaticPagesTest {
    private RunningService service;

    @BeforeEach
    void start() throws Exception {
        service = new RunningService(RunningService.LIMITS, Optional.of("test"));
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
            var again = send("GET", path, "If-None-Match", page.headers().firstValue("ETag").orElseThrow());
            assertThat(again.statusCode()).isEqualTo(304);
            assertThat(again.body()).isEmpty();
            assertThat(send("GET", path, "If-None-Match", "\"another\"").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void headHasTheStatusAndTheHeadersOfGet() throws Exception {
        for (var path : List.of("/ui/", "/ui/style.css", "/ui/nothing")) {
            var get = service.get(path);
            var head = send("HEAD", path);
            assertThat(head.body()).isEmpty();
            assertThat(head.statusCode()).isEqualTo(get.statusCode());
            for (var name : List.of("Content-Type", "Content-Length", "Cache-Control", "ETag", "Content-Security-Policy")) {
                assertThat(head.headers().firstValue(name)).as(path + " " + name).isEqualTo(get.headers().firstValue(name));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/ui/nothing", "/ui/below/", "/ui/../secret.txt", "/ui/../x", "/ui/%2e%2e/secret.txt", "/ui/%2e%2e/x",
            "/ui/..%2fsecret.txt", "/ui/..%2fx", "/ui/%2e%2e%2fsecret.txt", "/ui/..%5csecret.txt", "/ui/%5c..%5csecret.txt",
            "/ui/below/../../secret.txt", "/ui/%252e%252e/secret.txt", "/ui//../secret.txt", "/ui//etc/passwd", "/ui/%2fetc%2fpasswd",
            "/ui/../livez", "/ui/%00", "/ui/index.html%00",
            "/ui/below", "/ui/.", "/ui/..", "/ui/index.html/", "/uix", "/ui/web/test/index.html", "/secret.txt"})
    void nothingElseIsReached(String path) throws IOException {
        var answer = service.rawGet(path);
        assertThat(answer).startsWith("HTTP/1.1 404").contains("urn:spillway:problem:unknown-path").doesNotContain("secret\n", "root:");
    }

    @Test
    void aPathThatIsNotUtf8IsRefusedAsEverywhere() throws IOException {
        assertThat(service.rawGet("/ui/%FF")).startsWith("HTTP/1.1 400").contains("urn:spillway:problem:malformed-path");
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
    void aServiceWithoutPagesHasNone() throws Exception {
        try (var without = new RunningService()) {
            for (var path : List.of("/", "/ui", "/ui/")) {
                assertThat(without.get(path).statusCode()).isEqualTo(404);
            }
        }
    }
}
