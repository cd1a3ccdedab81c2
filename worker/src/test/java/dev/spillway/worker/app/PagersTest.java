package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.events.HostId;
import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;

/** KV pagers of two hosts: their captures are entries of the fleet, and are restored where they are and where they are not. */
@Timeout(300)
class PagersTest {
    private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

    @TempDir
    private Path folder;
    private final TestRegistry registry = new TestRegistry().namespace("kv", 3, null).namespace("tiny", 3, 20_000L);
    private TestCoordinator coordinator;
    private RunningWorker first;
    private RunningWorker second;

    @BeforeEach
    void start() throws Exception {
        Files.createDirectory(folder.resolve("shm"));
        coordinator = new TestCoordinator(registry, 0);
        first = worker("host-1");
        second = worker("host-2");
    }

    private RunningWorker worker(String host) throws Exception {
        return new RunningWorker(
                folder.resolve(host),
                coordinator.address().toString(),
                Map.of("host-id", host, "pager-files", folder.resolve("shm").toString(), "pager-memory", "16MiB")).joined();
    }

    @AfterEach
    void stop() {
        second.close();
        first.close();
        coordinator.close();
    }

    @Test
    void aCaptureIsAnEntryAndIsRestoredIntoAnotherPager() throws Exception {
        Pages.filled(first, "engine", 5, 1);
        Answer captured = Pages.capture(first, "engine", "system prompt");
        assertThat(captured.status()).isEqualTo(200);
        assertThat(captured.body().path("pages").asInt()).isEqualTo(5);
        assertThat(captured.body().path("pagesWritten").asInt()).isEqualTo(5);
        assertThat(captured.body().path("stayedPaused").asBoolean(true)).isFalse();
        Answer entry = first.get("/v1/directories/kv/entries/system%20prompt");
        assertThat(entry.body().path("snapshotId")).isEqualTo(captured.body().path("snapshotId"));
        assertThat(first.delete("/v1/pagers/engine").status()).isEqualTo(204);
        assertThat(first.get("/v1/pagers/engine").status()).isEqualTo(404);

        JsonNode there = Pages.filled(first, "other", 2, 9);
        assertThat(first.delete("/v1/pagers/other/sequences/chat").status()).isEqualTo(204);
        Pages.post(first, "/v1/pagers/other/allocate", Map.of("count", 3));
        Answer restored = Pages.restore(first, "other", "system prompt");
        assertThat(restored.status()).isEqualTo(200);
        assertThat(restored.body().path("source").asText()).isEqualTo("local");
        JsonNode sequence = restored.body().path("sequences").path(0);
        assertThat(sequence.path("lastPageTokens").asInt()).isEqualTo(3);
        assertThat(sequence.path("pages")).isNotEqualTo(there);
        assertThat(Pages.read(first, "other", Pages.list(sequence.path("pages")))).isEqualTo(Pages.content(5, 1));
        assertThat(Pages.restore(first, "other", "system prompt").type()).endsWith("sequence-exists");
        assertThat(
                Pages.post(first, "/v1/pagers/snapshots/kv/system%20prompt/verify", (JsonNode) null)
                        .body()
                        .path("sequences")
                        .path(0)
                        .asText())
                .isEqualTo("chat");
    }

    @Test
    void aSnapshotIsRestoredOnAHostThatHasNone() throws Exception {
        Pages.filled(first, "engine", 5, 1);
        assertThat(Pages.capture(first, "engine", "a").status()).isEqualTo(200);
        assertThat(Pages.post(second, "/v1/pagers", Pages.creation("engine", 8)).status()).isEqualTo(201);
        Answer local = Pages.post(second, "/v1/pagers/engine/restore", Map.of("namespace", "kv", "key", "a", "fetch", false));
        assertThat(local.status()).isEqualTo(404);

        Answer restored = Pages.restore(second, "engine", "a");
        assertThat(restored.status()).isEqualTo(200);
        assertThat(restored.body().path("source").asText()).isEqualTo("peer");
        assertThat(Pages.read(second, "engine", Pages.list(restored.body().path("sequences").path(0).path("pages"))))
                .isEqualTo(Pages.content(5, 1));
        assertThat(registry.rowsOf(new HostId("host-2"))).isEqualTo(1);

        registry.invalidate(TestRegistry.name("kv", "a"));
        eventually(() -> first.area("images").isEmpty() && second.area("images").isEmpty());
        assertThat(Pages.restore(second, "engine", "a").status()).isEqualTo(404);
    }

    @Test
    void anEntryThatIsEvictedOnOneHostIsGoneOnAll() throws Exception {
        Pages.filled(first, "engine", 1, 1);
        for (String key : List.of("a", "b", "c", "d")) {
            assertThat(Pages.write(first, "engine", "0", Pages.content(1, key.charAt(0))).status()).isEqualTo(204);
            assertThat(Pages.capture(first, "engine", key).status()).isEqualTo(200);
        }
        eventually(() -> first.area("images").size() == 3);
        assertThat(Pages.restore(first, "engine", "a").status()).isEqualTo(404);
    }

    @Test
    void equalPagesOfSeveralSnapshotsAreOnTheDiskOnce() throws Exception {
        Pages.filled(first, "engine", 9, 1);
        Pages.capture(first, "engine", "a");
        Answer same = Pages.capture(first, "engine", "b");
        assertThat(same.body().path("pagesWritten").asInt()).isZero();
        assertThat(Pages.write(first, "engine", "0", Pages.content(1, 77)).status()).isEqualTo(204);
        Answer changed = Pages.capture(first, "engine", "c");
        assertThat(changed.body().path("pagesWritten").asInt()).isEqualTo(1);
        assertThat(inodes(first)).hasSize(2);
        first.close();
        first = worker("host-1");
        Pages.filled(first, "engine", 9, 1);
        eventually(() -> first.get("/v1/directories/kv/entries/c").status() == 200);
        assertThat(Pages.capture(first, "engine", "c").body().path("pagesWritten").asInt()).isZero();

        registry.invalidate(TestRegistry.name("kv", "a"));
        registry.invalidate(TestRegistry.name("kv", "b"));
        eventually(() -> first.area("images").size() == 1);
        Pages.post(first, "/v1/pagers", Pages.creation("other", 16));
        assertThat(Pages.restore(first, "other", "c").status()).isEqualTo(200);
        assertThat(Pages.read(first, "other", "0-8")).isEqualTo(Pages.content(9, 1));
        registry.invalidate(TestRegistry.name("kv", "c"));
        eventually(() -> first.area("images").isEmpty() && first.area("trash").isEmpty());
    }

    private static List<Object> inodes(RunningWorker worker) throws IOException {
        try (Stream<Path> files = Files.walk(worker.data.resolve("images"))) {
            return files.filter(file -> file.toString().endsWith(".safetensors")).<Object>map(file -> {
                try {
                    return Files.getAttribute(file, "unix:ino");
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }).distinct().toList();
        }
    }

    @Test
    void aSnapshotThatIsTooLargeForItsNamespaceIsNotStored() throws Exception {
        assertThat(Pages.post(first, "/v1/pagers", Pages.creation("engine", 100)).status()).isEqualTo(201);
        JsonNode pages = Pages.post(first, "/v1/pagers/engine/allocate", Map.of("count", 100)).body().path("pages");
        ObjectNode install = RunningWorker.JSON.createObjectNode();
        install.putArray("sequences").addObject().put("id", "chat").put("lastPageTokens", 0).set("pages", pages);
        first.put("/v1/pagers/engine/sequences", install.toString());
        assertThat(Pages.write(first, "engine", "0-99", Pages.content(100, 3)).status()).isEqualTo(204);

        Answer refused = Pages.post(first, "/v1/pagers/engine/capture", Map.of("namespace", "tiny", "key", "a"));

        assertThat(refused.status()).isEqualTo(413);
        assertThat(first.area("staging")).isEmpty();
        assertThat(first.area("images")).isEmpty();
        assertThat(Pages.capture(first, "engine", "a").status()).isEqualTo(200);
    }

    @Test
    void whatAnEngineMapsLiesInAFileThatGoesWithThePager() throws Exception {
        Answer made = Pages.post(first, "/v1/pagers", Pages.creation("engine", 8).put("file", true));
        Path file = Path.of(made.body().path("path").asText());
        assertThat(file).exists().hasParent(folder.resolve("shm"));
        assertThat(Pages.post(first, "/v1/pagers", Pages.creation("engine", 8).put("file", true)).type()).endsWith("pager-exists");
        assertThat(Pages.post(second, "/v1/pagers", Pages.creation("engine", 8).put("file", true)).status()).isEqualTo(201);
        Path left = Files.writeString(Path.of(file.toString().replace("engine", "left")), "of a process that was killed");

        first.delete("/v1/pagers/engine");
        assertThat(file).doesNotExist();
        Pages.post(first, "/v1/pagers", Pages.creation("engine", 8).put("file", true));
        first.close();
        assertThat(file).doesNotExist();
        first = worker("host-1");
        assertThat(left).doesNotExist();
        assertThat(RunningWorker.names(folder.resolve("shm"))).hasSize(1);
    }

    /** An engine that has its pages copied while it is paused; the words of the file are 64 bytes apart. */
    @Test
    void aCaptureSaysThatAnEngineStayedPaused() throws Exception {
        Answer made = Pages.post(first, "/v1/pagers", Pages.creation("engine", 32).put("file", true));
        Pages.fill(first, "engine", 5, 1);
        try (FileChannel channel = FileChannel.open(
                Path.of(made.body().path("path").asText()),
                StandardOpenOption.READ,
                StandardOpenOption.WRITE); Arena arena = Arena.ofShared()) {
            MemorySegment words = channel.map(FileChannel.MapMode.READ_WRITE, 0, 1024, arena);
            AtomicBoolean over = new AtomicBoolean();
            words.set(ValueLayout.JAVA_LONG, 256 + 5 * 64, 2);
            CompletableFuture<Void> engine = CompletableFuture.runAsync(() -> {
                while (!over.get()) {
                    words.set(ValueLayout.JAVA_LONG, 256 + 3 * 64, (long) WORD.getAcquire(words, 256L + 2 * 64));
                }
            });

            Answer captured = Pages.capture(first, "engine", "a");

            over.set(true);
            engine.get();
            assertThat(captured.status()).as(captured.toString()).isEqualTo(200);
            assertThat(captured.body().path("stayedPaused").asBoolean()).isTrue();
        }
        Pages.post(first, "/v1/pagers", Pages.creation("other", 32));
        assertThat(Pages.restore(first, "other", "a").status()).isEqualTo(200);
        assertThat(Pages.read(first, "other", "0-4")).isEqualTo(Pages.content(5, 1));
    }

    @Test
    void anEngineFindsTheStateOfASequenceInTheFileBySlot() throws Exception {
        ObjectNode creation = Pages.creation("engine", 8).put("file", true);
        for (String pool : List.of("conv", "ssm")) {
            ObjectNode state = creation.withObject("/meta").withArray("states").addObject().put("name", pool).put("elements", "F32");
            state.putArray("dimensions").add(4);
        }
        Answer made = Pages.post(first, "/v1/pagers", creation);
        assertThat(made.status()).isEqualTo(201);
        ObjectNode install = RunningWorker.JSON.createObjectNode();
        for (String id : List.of("a", "b")) {
            install.withArray("sequences").addObject().put("id", id).put("lastPageTokens", 0).putArray("pages");
        }
        assertThat(first.put("/v1/pagers/engine/sequences", install.toString()).status()).isEqualTo(204);
        byte[] content = Arrays.copyOf(Pages.content(1, 5), 16);
        assertThat(
                first.send(
                        HttpRequest.newBuilder(first.uri("/v1/pagers/engine/sequences/b/states/ssm"))
                                .PUT(HttpRequest.BodyPublishers.ofByteArray(content))
                                .header("Content-Type", "application/octet-stream")
                                .build())
                        .status())
                .isEqualTo(204);

        JsonNode sequences = first.get("/v1/pagers/engine/sequences").body().path("items");

        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(Path.of(made.body().path("path").asText()))).order(ByteOrder.LITTLE_ENDIAN);
        JsonNode ssm = RunningWorker.JSON.readTree(file.array(), (int) file.getLong(32), (int) file.getLong(40)).path("states").path(1);
        int slot = sequences.path(1).path("states").path("ssm").asInt(-1);
        int at = ssm.path("slots").path("offset").asInt() + slot * 16;
        assertThat(ssm.path("name").asText()).isEqualTo("ssm");
        assertThat(Arrays.copyOfRange(file.array(), at, at + 16)).isEqualTo(content);
        int record = (int) file.getLong(48) + (ssm.path("firstSlot").asInt() + slot) * 64;
        assertThat(file.getInt(record + 20)).as("the state was written, so it has a check").isEqualTo(1);
        assertThat(sequences.path(0).path("states").path("ssm").asInt(-1)).isNotNegative().isNotEqualTo(slot);
        assertThat(sequences.path(0).path("states").path("conv").asInt(-1)).isNotNegative();
    }

    @Test
    void moreMemoryThanIsAllowedIsRefused() throws Exception {
        assertThat(Pages.post(first, "/v1/pagers", Pages.creation("a", 20_000)).status()).isEqualTo(201);
        Answer refused = Pages.post(first, "/v1/pagers", Pages.creation("b", 20_000));
        assertThat(refused.status()).isEqualTo(507);
        assertThat(refused.type()).endsWith("pages-exhausted");
        first.delete("/v1/pagers/a");
        assertThat(Pages.post(first, "/v1/pagers", Pages.creation("b", 20_000)).status()).isEqualTo(201);
    }

    @Test
    void aWriteWaitsUntilAPauseEndsByItself() throws Exception {
        Pages.filled(first, "engine", 1, 1);
        assertThat(Pages.post(first, "/v1/pagers/engine/quiesce", Map.of("within", "PT0.5S")).status()).isEqualTo(204);
        assertThat(first.get("/v1/pagers/engine").body().path("paused").asBoolean()).isTrue();
        assertThat(Pages.write(first, "engine", "0", Pages.content(1, 2)).status()).isEqualTo(204);
        assertThat(first.get("/v1/pagers/engine").body().path("paused").asBoolean()).isFalse();

        assertThat(Pages.post(first, "/v1/pagers/engine/quiesce", Map.of("within", "PT1M")).status()).isEqualTo(204);
        CompletableFuture<Integer> write = CompletableFuture.supplyAsync(() -> {
            try {
                return Pages.write(first, "engine", "0", Pages.content(1, 3)).status();
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(Pages.capture(first, "engine", "a").body().path("pages").asInt()).isEqualTo(1);
        assertThat(write).isNotDone();
        assertThat(Pages.post(first, "/v1/pagers/engine/resume", (JsonNode) null).status()).isEqualTo(204);
        assertThat(write.get()).isEqualTo(204);
        assertThat(Pages.post(first, "/v1/pagers/engine/quiesce", Map.of("within", "PT2M")).status()).isEqualTo(400);
    }

    @Test
    void requestsThatCannotBeRightChangeNothing() throws Exception {
        JsonNode pages = Pages.filled(first, "engine", 2, 1);
        byte[] before = Pages.read(first, "engine", Pages.list(pages));
        assertThat(Pages.write(first, "engine", "0-1", Arrays.copyOf(Pages.content(2, 5), 1023)).status()).isEqualTo(400);
        assertThat(Pages.write(first, "engine", "0", Pages.content(2, 5)).status()).isEqualTo(400);
        assertThat(Pages.write(first, "engine", "31", Pages.content(1, 5)).status()).isEqualTo(404);
        for (String wrong : List.of("-1", "1-0", "0-99999", "a", "", "99999999999", "0-999999999")) {
            assertThat(Pages.write(first, "engine", wrong, Pages.content(1, 5)).status()).as(wrong).isEqualTo(400);
        }
        assertThat(Pages.post(first, "/v1/pagers/engine/allocate", Map.of("count", -1)).status()).isEqualTo(400);
        assertThat(Pages.post(first, "/v1/pagers/engine/allocate", Map.of("count", 31)).status()).isEqualTo(507);
        assertThat(Pages.post(first, "/v1/pagers/none/allocate", Map.of("count", 1)).status()).isEqualTo(404);
        assertThat(Pages.post(first, "/v1/pagers", Pages.creation("../x", 1)).status()).isEqualTo(400);
        assertThat(Pages.post(first, "/v1/pagers", Pages.creation("x", 0)).status()).isEqualTo(400);
        assertThat(Pages.post(first, "/v1/pagers", Pages.creation("x", Integer.MAX_VALUE)).status()).isEqualTo(400);
        assertThat(Pages.restore(first, "engine", "none").status()).isEqualTo(404);
        assertThat(Pages.post(first, "/v1/pagers/engine/capture", Map.of("namespace", "none", "key", "a")).status()).isEqualTo(404);
        assertThat(Pages.read(first, "engine", Pages.list(pages))).isEqualTo(before);
    }

    @Test
    void anEntryThatIsEvictedWhileItIsRestoredIsRestoredWholeOrNotFound() throws Exception {
        Pages.filled(first, "engine", 2_000, 1);
        int whole = 0;
        for (int round = 0; round < 20; round++) {
            assertThat(Pages.capture(first, "engine", "a").status()).isEqualTo(200);
            assertThat(Pages.post(first, "/v1/pagers", Pages.creation("other", 2_000)).status()).isEqualTo(201);
            CompletableFuture<Answer> restore = CompletableFuture.supplyAsync(() -> {
                try {
                    return Pages.restore(first, "other", "a");
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            if (round % 2 == 0) {
                eventually(() -> restore.isDone() || !first.get("/v1/holds").body().path("items").isEmpty());
            }
            registry.invalidate(TestRegistry.name("kv", "a"));
            eventually(() -> first.get("/v1/directories/kv/entries/a").status() == 404);
            if (restore.get().status() == 200) {
                JsonNode pages = restore.get().body().path("sequences").path(0).path("pages");
                assertThat(Pages.read(first, "other", Pages.list(pages))).isEqualTo(Pages.content(2_000, 1));
                whole++;
            } else {
                assertThat(restore.get().status()).isEqualTo(404);
                assertThat(first.get("/v1/pagers/other").body().path("freePages").asInt()).isEqualTo(2_000);
            }
            assertThat(first.delete("/v1/pagers/other").status()).isEqualTo(204);
        }
        assertThat(whole).isPositive();
        eventually(() -> first.area("images").isEmpty() && first.area("trash").isEmpty());
    }

    @Test
    void aTreeThatIsNoSnapshotIsRefused() throws Exception {
        Path tree = Files.createDirectory(folder.resolve("tree"));
        Files.writeString(tree.resolve("file"), "text");
        assertThat(
                first.put(
                        "/v1/directories/kv/entries/tree",
                        RunningWorker.JSON.writeValueAsString(Map.of("sourceDir", tree.toString()))).status())
                .isEqualTo(200);
        Pages.filled(first, "engine", 1, 1);

        Answer refused = Pages.restore(first, "engine", "tree");

        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.type()).endsWith("other-layout");
    }
}
