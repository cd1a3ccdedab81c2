package dev.spillway.worker.app;

import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static dev.spillway.worker.app.RunningWorker.entry;
import static org.assertj.core.api.Assertions.assertThat;

/** A request that cannot be carried out is refused in plain words, and changes nothing. */
class RefusalsTest {
    /** Files that say they are empty and are not, and one that not even root may read. */
    private static final Path KERNEL = Path.of("/proc/sys/vm");

    @TempDir
    private static Path folder;
    private static TestCoordinator coordinator;
    private static RunningWorker worker;

    @BeforeAll
    static void start() throws Exception {
        coordinator = new TestCoordinator(new TestRegistry().namespace("images", 10, 64L << 10), 0);
        Files.createDirectories(folder.resolve("allowed"));
        worker = new RunningWorker(
                folder.resolve("store"),
                coordinator.address().toString(),
                Map.of("allowed-sources", folder.resolve("allowed") + "," + KERNEL, "hold-max", "PT1H")).joined();
    }

    @AfterAll
    static void stop() {
        worker.close();
        coordinator.close();
    }

    @AfterEach
    void nothingWasLeft() throws IOException {
        assertThat(worker.area("staging")).isEmpty();
        assertThat(worker.area("images")).isEmpty();
        assertThat(coordinator.registry.entries()).isEmpty();
    }

    private static Path source(String name) throws IOException {
        return Files.createDirectories(folder.resolve("allowed").resolve(name));
    }

    private static void refused(Answer answer, int status, String slug, String... inDetail) {
        assertThat(answer.type()).isEqualTo("urn:spillway:problem:" + slug);
        assertThat(answer.status()).isEqualTo(status);
        assertThat(List.of(inDetail)).allSatisfy(part -> assertThat(answer.detail()).contains(part));
    }

    @Test
    void aSourceOutsideOfTheAllowedRoots() throws Exception {
        Path outside = Files.createDirectories(folder.resolve("outside"));
        refused(worker.store("k", outside), 400, "source-refused", outside.toString(), "outside of the allowed roots", "allowed");
    }

    @Test
    void aSourceThatIsMissingOrNoDirectoryOrALink() throws Exception {
        Path missing = folder.resolve("allowed/missing");
        refused(worker.store("k", missing), 400, "source-refused", missing.toString(), "is not there");
        Path file = Files.writeString(source("a").resolve("file"), "x");
        refused(worker.store("k", file), 400, "source-refused", "is not a directory");
        Path link = Files.createSymbolicLink(source("a").resolve("link"), folder.resolve("outside"));
        refused(worker.store("k", link), 400, "source-refused", "is a symbolic link");
        refused(worker.put(entry("k"), "{\"sourceDir\":\"relative\"}"), 400, "source-refused", "relative", "absolute");
    }

    @Test
    void aTreeWithASocketIsRefusedWithThePathOfTheSocket() throws Exception {
        Path tree = source("with-socket");
        Files.createDirectories(tree.resolve("deep"));
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(tree.resolve("deep/s")));
            Answer answer = worker.store("k", tree);
            refused(answer, 422, "tree-refused", "deep/s", "socket");
            assertThat(answer.body().path("path").asText()).isEqualTo("deep/s");
        }
    }

    @Test
    void aTreeThatCannotBeReadIsRefusedWithThePathAndTheReason() throws Exception {
        Answer answer = worker.store("k", KERNEL);
        refused(answer, 422, "tree-refused", "cannot be read");
        assertThat(KERNEL.resolve(answer.body().path("path").asText())).exists();
    }

    @Test
    void ofAVeryLongPathTheBeginningTheEndAndTheLengthAreSaid() throws Exception {
        String path = "begin/" + "x".repeat(20_000) + "/end";
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, StandardCharsets.UTF_8.name())) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.putArchiveEntry(new TarArchiveEntry(path));
            tar.closeArchiveEntry();
        }
        Answer answer = worker.send(
                HttpRequest.newBuilder(worker.uri(entry("k")))
                        .header("Content-Type", "application/x-tar")
                        .PUT(BodyPublishers.ofByteArray(bytes.toByteArray()))
                        .build());
        refused(answer, 422, "tree-refused", "begin/xxx", "xxx/end", "20010 characters");
        assertThat(answer.body().toString()).hasSizeLessThan(2_000);
    }

    @Test
    void anUnknownNamespace() throws Exception {
        String path = "/v1/directories/unknown/entries/k";
        refused(worker.put(path, "{\"sourceDir\":\"" + source("a") + "\"}"), 404, "unknown-namespace", "namespace: unknown");
        refused(worker.get(path), 404, "unknown-namespace", "namespace: unknown");
        refused(worker.get("/v1/directories/unknown/entries"), 404, "unknown-namespace", "namespace: unknown");
        refused(worker.get("/v1/directories/unknown/stats"), 404, "unknown-namespace", "namespace: unknown");
        refused(worker.delete(path), 404, "unknown-entry", "not here");
    }

    @Test
    void aTreeOverTheBoundOfItsNamespaceAsDirectoryAndAsArchive() throws Exception {
        Path tree = source("large");
        Files.write(tree.resolve("file"), new byte[100 << 10]);
        refused(worker.store("k", tree), 413, "too-large", "maxBytes, 65536");
        refused(worker.put(entry("k"), "{\"sourceDir\":\"" + tree + "\",\"mode\":\"move\"}"), 413, "too-large", "65536");
        assertThat(tree.resolve("file")).as("its owner keeps it").hasSize(100 << 10);
        refused(worker.send(archive(tarOf("file", 100 << 10))), 413, "too-large", "65536");
    }

    private static byte[] tarOf(String name, int length) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            TarArchiveEntry file = new TarArchiveEntry(name);
            file.setSize(length);
            tar.putArchiveEntry(file);
            tar.write("x".repeat(length).getBytes(StandardCharsets.UTF_8));
            tar.closeArchiveEntry();
        }
        return bytes.toByteArray();
    }

    private static HttpRequest archive(byte[] bytes) {
        return HttpRequest.newBuilder(worker.uri(entry("k")))
                .header("Content-Type", "application/x-tar")
                .PUT(BodyPublishers.ofByteArray(bytes))
                .build();
    }

    @Test
    void whatIsNoArchiveOrOfAnotherType() throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(worker.uri(entry("k"))).PUT(BodyPublishers.ofString("no archive".repeat(200)));
        refused(
                worker.send(request.copy().header("Content-Type", "application/x-tar").build()),
                422,
                "malformed-archive",
                "archive: cannot be read: ");
        HttpRequest.Builder empty = HttpRequest.newBuilder(worker.uri(entry("k"))).PUT(BodyPublishers.noBody());
        refused(
                worker.send(empty.header("Content-Type", "application/x-tar").build()),
                422,
                "malformed-archive",
                "archive: cannot be read: it has no entry (expected: a tar stream, also packed by zstd or gzip)");
        refused(
                worker.send(archive(Arrays.copyOf(tarOf("deep/file", 4 << 10), 2 << 10))),
                422,
                "malformed-archive",
                "archive, at deep/file: cannot be read: ");
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(new GZIPOutputStream(zipped))) {
            gzip.write(tarOf("file", 10));
        }
        refused(
                worker.send(archive(zipped.toByteArray())),
                422,
                "malformed-archive",
                "archive: cannot be read: it is packed twice, within by gzip, which is not taken (expected: a tar stream, also packed by zstd or gzip)");
        refused(
                worker.send(request.copy().header("Content-Type", "application/zip").build()),
                415,
                "unsupported-media-type",
                "application/zip");
        refused(
                worker.send(request.copy().header("Content-Type", "application/x-tar").header("Content-Encoding", "br").build()),
                415,
                "unsupported-media-type",
                "br");
    }

    @Test
    void anArchiveThatIsNotPackedThoughItIsSaidToBe() throws Exception {
        for (String[] headers : new String[][]{
                {"Content-Type", "application/x-tar", "Content-Encoding", "zstd"},
                {"Content-Type", "application/zstd"},
                {"Content-Type", "application/x-tar", "Content-Encoding", "gzip"},
                {"Content-Type", "application/x-tar+gzip"}}) {
            refused(
                    worker.send(
                            HttpRequest.newBuilder(worker.uri(entry("k")))
                                    .headers(headers)
                                    .PUT(BodyPublishers.ofByteArray(tarOf("file", 10)))
                                    .build()),
                    422,
                    "malformed-archive",
                    "begins with the bytes '66696c65' (expected: the beginning of a %s stream)"
                            .formatted(String.join(" ", headers).contains("gzip") ? "gzip" : "zstd"));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                    "{}|invalid-value|sourceDir: missing",
                    "[]|invalid-value|body",
                    "{\"sourceDir\":1}|invalid-value|sourceDir: 1",
                    "{\"sourceDir\":\"/x\",\"color\":1}|unknown-field|color",
                    "{\"sourceDir\":\"/x\",\"mode\":\"steal\"}|invalid-value|copy, move, reflink",
                    "{\"sourceDir\":\"/x\",\"generation\":0}|invalid-value|generation: 0",
                    "{|malformed-body|not JSON"})
    void aBodyThatIsNotAsItShouldBe(String body, String slug, String detail) throws Exception {
        refused(worker.put(entry("k"), body), 400, slug, detail);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                    "?hold=tomorrow|invalid-value|hold: tomorrow",
                    "?hold=PT0S|invalid-value|at most PT1H",
                    "?hold=PT61M|invalid-value|hold: PT61M (expected: more than zero, at most PT1H)",
                    "?hold=999999d|invalid-value|hold: 999999d (expected: more than zero, at most PT1H)",
                    "?fresh=maybe|invalid-value|fresh: maybe",
                    "?fetch=1|invalid-value|fetch: 1",
                    "?colour=red|unknown-parameter|colour"})
    void aQueryThatIsNotAsItShouldBe(String query, String slug, String detail) throws Exception {
        refused(worker.get(entry("k") + query), 400, slug, detail);
    }

    @Test
    void aNameThatIsNone() throws Exception {
        refused(worker.get("/v1/directories/Images/entries/k"), 400, "invalid-value", "namespace: Images");
        refused(worker.get(entry("x".repeat(1025))), 400, "invalid-value", "1 to 1024 bytes");
        refused(worker.get("/v1/directories/images/entries/"), 400, "invalid-value", "key");
        refused(worker.get("/v1/nothing"), 404, "unknown-path", "/v1/nothing");
    }

    @Test
    void holdsThatAreUnknownOrCannotBeMoved() throws Exception {
        String unknown = "/v1/holds/" + UUID.randomUUID();
        refused(worker.put(unknown, "{\"duration\":\"PT1M\"}"), 404, "unknown-hold", unknown.substring(10));
        refused(worker.delete(unknown), 404, "unknown-hold");
        refused(worker.put(unknown, "{}"), 400, "invalid-value", "one of until and duration");
        refused(worker.put(unknown, "{\"duration\":\"PT2H\"}"), 400, "invalid-value", "duration: PT2H");
        refused(
                worker.put(unknown, "{\"until\":\"2001-01-01T00:00:00Z\"}"),
                400,
                "invalid-value",
                "until: 2001-01-01T00:00:00Z",
                "after now");
        refused(worker.get("/v1/holds?limit=0"), 400, "invalid-value", "limit: 0 (expected: a whole number of 1 to 1000)");
        refused(worker.get("/v1/holds?after=tomorrow"), 400, "invalid-value", "after: tomorrow (expected: the next of an earlier page)");
        refused(
                worker.get("/v1/directories/images/entries?after=tomorrow"),
                400,
                "invalid-value",
                "after: tomorrow (expected: the next of an earlier page)");
        refused(worker.delete("/v1/holds/1-2-3"), 400, "invalid-value", "UUID");
    }

    @Test
    void anIdempotencyKeyThatIsNone() throws Exception {
        refused(worker.store("k", source("a"), "Idempotency-Key", "two words"), 400, "invalid-value", "Idempotency-Key: two words");
    }
}
