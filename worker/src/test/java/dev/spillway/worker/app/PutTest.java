package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.luben.zstd.ZstdOutputStream;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static dev.spillway.worker.app.TestRegistry.name;
import static org.assertj.core.api.Assertions.assertThat;

/** Trees are put, read, listed and deleted over HTTP. */
class PutTest {
    @TempDir
    private Path folder;
    private TestRegistry registry = new TestRegistry();
    private TestCoordinator coordinator;
    private RunningWorker worker;

    @BeforeEach
    void start() throws Exception {
        registry = new TestRegistry().namespace("images", 10, 1L << 20);
        coordinator = new TestCoordinator(registry, 0);
        worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), Map.of()).joined();
    }

    @AfterEach
    void stop() {
        worker.close();
        coordinator.close();
    }

    private Path tree(String name, String content) throws IOException {
        Path tree = Files.createDirectories(folder.resolve(name));
        Files.writeString(tree.resolve("file"), content);
        Files.deleteIfExists(tree.resolve("link"));
        Files.createSymbolicLink(tree.resolve("link"), Path.of("file"));
        return tree;
    }

    private static String content(Answer answer) throws IOException {
        return Files.readString(Path.of(answer.body().path("path").asText(), "file"));
    }

    @Test
    void aStoredTreeIsFoundListedAndCounted() throws Exception {
        Answer stored = worker.store("a/b c", tree("source", "hello"));
        assertThat(stored.status()).isEqualTo(200);
        assertThat(stored.body().path("snapshotId").asText())
                .isEqualTo(registry.entry(name("images", "a/b c")).orElseThrow().snapshotId().value());
        assertThat(stored.body().path("sizeBytes").asLong()).isPositive();
        assertThat(stored.body().path("evicted").isArray()).isTrue();

        Answer found = worker.get(entry("a/b c"));
        assertThat(found.status()).isEqualTo(200);
        for (String field : List.of("path", "snapshotId", "generation", "sizeBytes")) {
            assertThat(found.body().get(field)).isEqualTo(stored.body().get(field));
        }
        assertThat(found.body().path("source").asText()).isEqualTo("local");
        assertThat(found.body().has("hold")).isFalse();
        assertThat(content(found)).isEqualTo("hello");
        assertThat(Files.readSymbolicLink(Path.of(found.body().path("path").asText(), "link"))).isEqualTo(Path.of("file"));

        JsonNode listed = worker.get("/v1/directories/images/entries").body().path("items");
        assertThat(listed).hasSize(1);
        assertThat(listed.get(0).path("key").asText()).isEqualTo("a/b c");
        assertThat(listed.get(0).path("lastAccessedAt").asText()).isGreaterThan(listed.get(0).path("cachedAt").asText());
        JsonNode stats = worker.get("/v1/directories/images/stats").body();
        assertThat(stats.path("entryCount").asLong()).isEqualTo(1);
        assertThat(stats.path("totalBytes").asLong()).isEqualTo(stored.body().path("sizeBytes").asLong());
        eventually(() -> registry.touched().contains(name("images", "a/b c")));
    }

    /** So many files take longer to copy than a look. */
    @Test
    void howFarAPutIsIsToldUntilItIsDone() throws Exception {
        registry.namespace("large", 10, 1L << 30);
        Path source = Files.createDirectories(folder.resolve("source"));
        for (int file = 0; file < 5_000; file++) {
            Files.writeString(source.resolve("file-" + file), "x");
        }
        String large = "/v1/directories/large/entries/tree";
        assertThat(worker.get(large + "/put").body()).isEmpty();
        List<Long> seen = new ArrayList<>();
        Answer stored;
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Future<Answer> putting = thread.submit(() -> worker.put(large, "{\"sourceDir\":\"" + source + "\"}"));
            while (!putting.isDone()) {
                JsonNode work = worker.get(large + "/put").body().path("work");
                if (!work.isMissingNode()) {
                    assertThat(work.path("kind").asText()).isEqualTo("put");
                    seen.add(work.path("bytesDone").asLong());
                }
            }
            stored = putting.get();
        }
        assertThat(stored.status()).isEqualTo(200);
        assertThat(seen).isSorted().hasSizeGreaterThan(1).last().isNotEqualTo(0L);
        assertThat(seen.getLast()).isLessThanOrEqualTo(stored.body().path("sizeBytes").asLong());
        assertThat(worker.get(large + "/put").body()).isEmpty();
    }

    @Test
    void listsComeInPagesByKey() throws Exception {
        for (String key : List.of("c", "a", "b", "xx")) {
            assertThat(worker.store(key, tree("source", key)).status()).isEqualTo(200);
        }
        Answer first = worker.get("/v1/directories/images/entries?limit=2");
        assertThat(first.body().path("items").findValuesAsText("key")).containsExactly("a", "b");
        Answer second = worker.get("/v1/directories/images/entries?limit=2&after=" + first.body().path("next").asText());
        assertThat(second.body().path("items").findValuesAsText("key")).containsExactly("c", "xx");
        assertThat(second.body().has("next")).isFalse();
        assertThat(worker.get("/v1/directories/images/entries?prefix=x").body().path("items").findValuesAsText("key"))
                .containsExactly("xx");
    }

    @Test
    void pagesAreInTheOrderOfTheBytesOfTheKeys() throws Exception {
        List<String> inOrder = List.of("z", "\uFFFD", "\uD83D\uDE00");
        for (String key : inOrder) {
            assertThat(worker.store(key, tree("source-" + key.codePointAt(0), "x")).status()).isEqualTo(200);
        }
        List<String> listed = new ArrayList<>();
        String after = "";
        do {
            JsonNode page = worker.get("/v1/directories/images/entries?limit=1" + after).body();
            listed.addAll(page.path("items").findValuesAsText("key"));
            after = page.has("next") ? "&after=" + URLEncoder.encode(page.path("next").asText(), StandardCharsets.UTF_8) : "";
        } while (!after.isEmpty());
        assertThat(listed).isEqualTo(inOrder);
    }

    @Test
    void aReplacedTreeIsDeletedFromTheDisk() throws Exception {
        String first = worker.store("k", tree("one", "1")).body().path("path").asText();
        Answer second = worker.store("k", tree("two", "2"));
        assertThat(content(worker.get(entry("k")))).isEqualTo("2");
        eventually(() -> !Files.exists(Path.of(first)) && worker.area("trash").isEmpty() && registry.openOrders() == 0);
        assertThat(worker.area("images")).containsExactly(Path.of(second.body().path("path").asText()).getFileName().toString());
    }

    @Test
    void whatNoLongerFitsIsNamedAndDeleted() throws Exception {
        registry.namespace("images", 2, null);
        worker.store("a", tree("source", "x"));
        worker.store("b", tree("source", "x"));
        Answer third = worker.store("c", tree("source", "x"));
        assertThat(third.body().path("evicted").findValuesAsText("key")).containsExactly("a");
        assertThat(third.body().path("evicted").get(0).path("cause").asText()).isEqualTo("CAPACITY");
        eventually(() -> worker.get(entry("a")).status() == 404 && worker.area("images").size() == 2 && worker.area("trash").isEmpty());
    }

    @Test
    void twelvePutsOfOneKeyAtOnceLeaveOneWholeTree() throws Exception {
        Path source = folder.resolve("many");
        for (int number = 0; number < 40; number++) {
            Files.createDirectories(source.resolve("d" + number % 4));
            Files.writeString(source.resolve("d" + number % 4).resolve("f" + number), "content " + number);
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Answer>> answers = new ArrayList<>();
            for (int number = 0; number < 12; number++) {
                answers.add(threads.submit(() -> worker.store("k", source)));
            }
            for (Future<Answer> answer : answers) {
                assertThat(answer.get().status()).isIn(200, 409);
            }
        }
        eventually(() -> worker.area("images").size() == 1 && worker.area("trash").isEmpty() && worker.area("staging").isEmpty());
        Answer served = worker.get(entry("k"));
        assertThat(served.body().path("generation").asLong()).isEqualTo(registry.entry(name("images", "k")).orElseThrow().generation());
        Path path = Path.of(served.body().path("path").asText());
        assertThat(RunningWorker.names(path)).containsExactly("d0", "d1", "d2", "d3");
        assertThat(RunningWorker.names(path.resolve("d1"))).hasSize(10);
    }

    @Test
    void aDeleteIsFleetWideAndTheHostStopsServingAtOnce() throws Exception {
        Answer stored = worker.store("k", tree("source", "x"));
        Answer mismatch = worker.delete(entry("k") + "?ifSnapshot=other");
        assertThat(mismatch.status()).isEqualTo(412);
        Answer deleted = worker.delete(entry("k") + "?ifSnapshot=" + stored.body().path("snapshotId").asText());
        assertThat(deleted.status()).isEqualTo(200);
        assertThat(deleted.body().get("snapshotId")).isEqualTo(stored.body().get("snapshotId"));
        Answer missing = worker.get(entry("k"));
        assertThat(missing.status()).isEqualTo(404);
        assertThat(missing.type()).endsWith(":unknown-entry");
        assertThat(registry.entries()).isEmpty();
        assertThat(worker.delete(entry("k")).status()).isEqualTo(404);
        eventually(() -> worker.area("images").isEmpty() && worker.area("trash").isEmpty());
    }

    @Test
    void aFreshReadAsksTheRegistryFirst() throws Exception {
        worker.store("k", tree("source", "x"));
        assertThat(worker.get(entry("k") + "?fresh=true").status()).isEqualTo(200);
        assertThat(worker.get(entry("nothing") + "?fresh=true").type()).endsWith(":unknown-entry");
        coordinator.stopHeartbeats();
        long newer = registry.putElsewhere(name("images", "k"), new SnapshotId("elsewhere"));
        assertThat(worker.get(entry("k")).status()).as("an order that is still to come does not hide it").isEqualTo(200);
        Answer stale = worker.get(entry("k") + "?fresh=true&hold=PT1M&fetch=false");
        assertThat(stale.status()).isEqualTo(404);
        assertThat(stale.type()).endsWith(":older-generation");
        assertThat(stale.detail()).contains("expected: " + newer);
        assertThat(worker.get("/v1/holds").body().path("items")).as("no hold stays behind").isEmpty();
    }

    @Test
    void aCopyOfAGivenGenerationIsAttachedAndOneThatIsGoneIsRefused() throws Exception {
        long generation = registry.putElsewhere(name("images", "k"), new SnapshotId("from-a-peer"));
        String body = "{\"sourceDir\":\"" + tree("source", "x") + "\",\"generation\":" + generation + "}";
        Answer attached = worker.put(entry("k"), body);
        assertThat(attached.status()).isEqualTo(200);
        assertThat(attached.body().path("snapshotId").asText()).isEqualTo("from-a-peer");
        assertThat(attached.body().path("generation").asLong()).isEqualTo(generation);
        String said = body.replace("}", ",\"snapshotId\":\"%s\"}");
        assertThat(worker.put(entry("k"), said.formatted("from-a-peer")).status()).isEqualTo(200);
        assertThat(worker.put(entry("k"), said.formatted("another")).type()).endsWith(":generation-gone");
        assertThat(worker.put(entry("k"), said.formatted("from-a-peer").replace("\"generation\":" + generation + ",", "")).detail())
                .contains("snapshotId: from-a-peer (expected: only beside a generation)");
        registry.putElsewhere(name("images", "k"), new SnapshotId("newer"));
        Answer gone = worker.put(entry("k"), body);
        assertThat(gone.status()).isEqualTo(409);
        assertThat(gone.type()).endsWith(":generation-gone");
        eventually(() -> worker.area("images").isEmpty() && worker.area("trash").isEmpty());
    }

    @Test
    void aTreeTravelsAsTarAndBack() throws Exception {
        worker.store("k", tree("source", "hello"));
        byte[] tar =
                worker.client.send(HttpRequest.newBuilder(worker.uri(entry("k") + "/archive")).build(), BodyHandlers.ofByteArray()).body();
        List<String> names = new ArrayList<>();
        try (TarArchiveInputStream in = new TarArchiveInputStream(new ByteArrayInputStream(tar))) {
            for (TarArchiveEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                names.add(entry.getName());
            }
        }
        assertThat(names).containsExactly("./", "file", "link");
        Answer stored = worker.send(
                HttpRequest.newBuilder(worker.uri(entry("copy") + "?description=sent"))
                        .header("Content-Type", "application/x-tar")
                        .PUT(BodyPublishers.ofByteArray(tar))
                        .build());
        assertThat(stored.status()).isEqualTo(200);
        assertThat(content(stored)).isEqualTo("hello");
        assertThat(worker.get("/v1/directories/images/entries?prefix=copy").body().path("items").get(0).path("description").asText())
                .isEqualTo("sent");
        eventually(() -> worker.get("/v1/holds").body().path("items").isEmpty());
        assertThat(worker.get(entry("nothing") + "/archive").status()).isEqualTo(404);
    }

    @Test
    void anArchivePackedByZstdIsTakenAlsoBehindASkippableFrame() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(new byte[]{0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0});
        writeArchive(new ZstdOutputStream(bytes));
        assertTaken(bytes.toByteArray(), "Content-Type", "application/zstd");
        assertTaken(bytes.toByteArray(), "Content-Type", "application/x-tar", "Content-Encoding", "zstd");
    }

    @Test
    void anArchivePackedByGzipIsTaken() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        writeArchive(new GZIPOutputStream(bytes));
        assertTaken(bytes.toByteArray(), "Content-Type", "application/x-tar");
        assertTaken(bytes.toByteArray(), "Content-Type", "application/gzip");
        assertTaken(bytes.toByteArray(), "Content-Type", "application/x-tar", "Content-Encoding", "gzip");
    }

    private static void writeArchive(OutputStream packing) throws IOException {
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(packing)) {
            TarArchiveEntry file = new TarArchiveEntry("file");
            file.setSize(2);
            tar.putArchiveEntry(file);
            tar.write("ok".getBytes(StandardCharsets.UTF_8));
            tar.closeArchiveEntry();
        }
    }

    private void assertTaken(byte[] archive, String... headers) throws Exception {
        Answer stored = worker.send(
                HttpRequest.newBuilder(worker.uri(entry("packed"))).headers(headers).PUT(BodyPublishers.ofByteArray(archive)).build());
        assertThat(stored.status()).isEqualTo(200);
        assertThat(content(stored)).isEqualTo("ok");
    }

    @Test
    void aMovedTreeIsTheStoresOnceItIsRegisteredAndItsOwnersOtherwise() throws Exception {
        Path moved = tree("moved", "x");
        assertThat(worker.put(entry("k"), "{\"sourceDir\":\"" + moved + "\",\"mode\":\"move\"}").status()).isEqualTo(200);
        assertThat(moved).doesNotExist();
        worker.delete(entry("k"));
        eventually(() -> worker.area("images").isEmpty() && worker.area("trash").isEmpty());

        Path kept = tree("kept", "mine");
        Answer gone = worker.put(entry("k"), "{\"sourceDir\":\"" + kept + "\",\"mode\":\"move\",\"generation\":1}");
        assertThat(gone.type()).endsWith(":generation-gone");
        assertThat(kept.resolve("file")).hasContent("mine");
        eventually(
                () -> worker.area("images").isEmpty() && worker.area("trash").isEmpty() && worker.area("staging").isEmpty()
                        && worker.get("/v1/status").body().path("replicas").path("DOOMED").asInt() == 0);
        assertThat(kept.resolve("file")).hasContent("mine");
    }

    @Test
    void aNamespaceThatWasJustMadeIsKnownAtOnce() throws Exception {
        coordinator.stopHeartbeats();
        registry.namespace("new", 3, null);
        assertThat(worker.put("/v1/directories/new/entries/k", "{\"sourceDir\":\"" + tree("source", "x") + "\"}").status()).isEqualTo(200);
        assertThat(worker.get("/v1/directories/new/entries").body().path("items")).hasSize(1);
    }
}
