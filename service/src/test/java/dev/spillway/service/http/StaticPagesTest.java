package dev.spillway.service.http;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Tests which pages of the class path are served and with which headers, and that no other file can be reached. */
class StaticPagesTest {
    @TempDir
    private Path scratch;

    private Path folder;
    private RunningService service;

    @BeforeEach
    void start() throws Exception {
        folder = scratch.resolve(".cache/spillway");
        service = copiedInto(folder);
    }

    @AfterEach
    void stop() {
        service.close();
    }

    private static RunningService copiedInto(Path... folders) throws Exception {
        return new RunningService(RunningService.LIMITS, Optional.of(StaticPages.copied("test", List.of(folders))));
    }

    /** Returns the only entry of the folder. */
    private Path copy() throws IOException {
        try (var all = Files.list(folder)) {
            return assertThat(all.toList()).singleElement().actual();
        }
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
            assertThat(page.headers().firstValue("Content-Security-Policy"))
                    .contains(
                            "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
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
    @ValueSource(
            strings = {
                    "/ui/nothing",
                    "/ui/below/",
                    "/ui/../secret.txt",
                    "/ui/../x",
                    "/ui/%2e%2e/secret.txt",
                    "/ui/%2e%2e/x",
                    "/ui/..%2fsecret.txt",
                    "/ui/..%2fx",
                    "/ui/%2e%2e%2fsecret.txt",
                    "/ui/..%5csecret.txt",
                    "/ui/%5c..%5csecret.txt",
                    "/ui/below/../../secret.txt",
                    "/ui/%252e%252e/secret.txt",
                    "/ui//../secret.txt",
                    "/ui//etc/passwd",
                    "/ui/%2fetc%2fpasswd",
                    "/ui/../livez",
                    "/ui/%00",
                    "/ui/index.html%00",
                    "/ui/below",
                    "/ui/.",
                    "/ui/..",
                    "/ui/index.html/",
                    "/uix",
                    "/ui/web/test/index.html",
                    "/secret.txt"})
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
    void theyAreCopiedOnceForAllProcessesOfTheUser() throws Exception {
        var copy = copy();
        try (var second = copiedInto(folder)) {
            assertThat(second.get("/ui/").statusCode()).isEqualTo(200);
            assertThat(copy()).isEqualTo(copy);
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy))).isEqualTo("rwx------");
        assertThat(service.get("/ui/").statusCode()).isEqualTo(200);
    }

    @Test
    void whatAKilledProcessLeftIsCompleted() throws Exception {
        var whole = service.get("/ui/").body();
        Files.delete(copy().resolve("ui/style.css"));
        Files.writeString(copy().resolve("ui/index.html"), whole.substring(0, 9));
        try (var next = copiedInto(folder)) {
            assertThat(next.get("/ui/").body()).isEqualTo(whole);
            assertThat(next.get("/ui/style.css").body()).contains("color-scheme");
        }
    }

    @Test
    void whatSomebodyRemovesIsThereAgainAfterAStart() throws Exception {
        assertThat(service.get("/ui/style.css").statusCode()).isEqualTo(200);
        Files.delete(copy().resolve("ui/style.css"));
        Files.delete(copy().resolve("ui/index.html"));
        for (var path : List.of("/ui/style.css", "/ui/")) {
            var answer = service.get(path);
            assertThat(answer.statusCode()).isEqualTo(404);
            assertThat(answer.body()).contains("urn:spillway:problem:unknown-path");
        }
        try (var next = copiedInto(folder)) {
            assertThat(next.get("/ui/").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void noOtherFileOfTheFolderIsServed() throws Exception {
        Files.writeString(copy().resolve("ui/more.html"), "secret\n");
        Files.createSymbolicLink(copy().resolve("ui/link.html"), copy().resolve("ui/more.html"));
        for (var path : List.of("/ui/more.html", "/ui/link.html")) {
            assertThat(service.get(path).statusCode()).isEqualTo(404);
        }
    }

    @Test
    void aFolderThatCannotBeUsedIsPassedOver() throws Exception {
        var file = Files.createFile(folder.resolve("file"));
        var usable = folder.resolve("usable");
        try (var second = copiedInto(file, usable)) {
            assertThat(second.get("/ui/").statusCode()).isEqualTo(200);
            assertThat(usable).isNotEmptyDirectory();
        }
        assertThatThrownBy(() -> copiedInto(file))
                .hasMessage("pages: [" + file + "] (expected: a folder of this user that can be written)");
    }

    @Test
    void aLinkOfSomebodyElseIsNotFollowed() throws Exception {
        var theirs = Files.createDirectories(scratch.resolve("theirs"));
        var shared = Files.createDirectories(scratch.resolve("shared"));
        Files.createSymbolicLink(shared.resolve(copy().getFileName()), theirs);
        assertThatThrownBy(() -> copiedInto(shared)).hasMessageContaining("(expected: a folder of this user that can be written)");
        assertThat(theirs).isEmptyDirectory();
    }

    @Test
    void aFolderOfAnotherUserIsNotUsed() throws Exception {
        assumeTrue(new UnixSystem().getUid() == 0, "skipped: only root can give a folder away");
        Files.setAttribute(copy(), "unix:uid", 4711);
        assertThatThrownBy(() -> copiedInto(folder)).hasMessageContaining("(expected: a folder of this user that can be written)");
    }

    @Test
    void pagesAreReadFromArchivesToo() throws Exception {
        var archive = scratch.resolve("a service.jar");
        try (var opened = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
            Files.createDirectories(opened.getPath("/web/test/below"));
            Files.writeString(opened.getPath("/web/test/below/page.html"), "page");
            Files.writeString(opened.getPath("/web/secret.txt"), "secret");
        }
        var files = new HashMap<String, byte[]>();
        try (var loader = new URLClassLoader(new URL[]{archive.toUri().toURL()}, null)) {
            StaticPages.read(Objects.requireNonNull(loader.getResource("web/test")), files);
        }
        assertThat(files).containsExactly(entry("below/page.html", "page".getBytes(UTF_8)));
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
