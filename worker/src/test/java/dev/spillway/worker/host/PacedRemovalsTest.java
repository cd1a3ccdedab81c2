package dev.spillway.worker.host;

import dev.spillway.events.ReplicaId;
import dev.spillway.service.Reachability.Sleeper;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.store.DirectoryImages;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.store.PublishOutcome;
import dev.spillway.worker.filesystem.store.StageMode;
import dev.spillway.worker.filesystem.store.StoreArea;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Trees of 100 files and their directory, at 10 entries per second by a clock that only sleeping moves. */
class PacedRemovalsTest {
    private static final int FILES = 100;
    private static final UnlinkPace.Rates RATES = new UnlinkPace.Rates(10, 0);

    @TempDir
    private Path folder;
    private ImageStore store;
    private final SplittableRandom random = new SplittableRandom(5);
    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger slept = new AtomicInteger();
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final Removals.Results results = new Removals.Results() {
        @Override
        public void trashed(ReplicaId id) {
            heard.add("trashed " + id);
        }

        @Override
        public void unlinked(ReplicaId id, long bytesFreed) {
            heard.add("unlinked " + id);
        }

        @Override
        public void failed(ReplicaId id, String why) {
            heard.add("failed " + id + ": " + why);
        }
    };

    @BeforeEach
    void open() throws Exception {
        store = ImageStore.open(folder.resolve("store"));
    }

    @AfterEach
    void close() throws IOException {
        store.close();
    }

    private Removals removals(int atOnce, Sleeper sleeper) {
        UnlinkPace pace = new UnlinkPace(RATES, store::isShortOfSpace, now::get, sleeper);
        return new Removals(store, new DirectoryImages(store, pace), id -> true, results, new Removals.Unlinking(atOnce, pace));
    }

    private void sleep(Duration time) {
        slept.incrementAndGet();
        now.addAndGet(time.toNanos());
    }

    private ReplicaId image() throws Exception {
        ReplicaId id = ReplicaId.mint(Instant.EPOCH, random);
        Path source = Files.createDirectory(folder.resolve("source-" + id));
        for (int file = 0; file < FILES; file++) {
            Files.writeString(source.resolve("f" + file), "x");
        }
        try (SourceDirectory tree = new AllowedSources(List.of(folder)).open(source.toString())) {
            assertThat(store.stage(id.toString(), tree, StageMode.COPY, Long.MAX_VALUE)).isInstanceOf(StageOutcome.Staged.class);
        }
        assertThat(store.publish(id.toString())).isEqualTo(PublishOutcome.PUBLISHED);
        return id;
    }

    private ReplicaId inTrash(Removals removals) throws Exception {
        ReplicaId id = image();
        removals.toTrash(id);
        assertThat(heard.take()).isEqualTo("trashed " + id);
        return id;
    }

    private long leftOf(ReplicaId id) throws IOException {
        try (Stream<Path> files = Files.list(store.path().resolve("trash").resolve(id.toString()))) {
            return files.count();
        }
    }

    @Test
    void oneTreeIsPacedFileByFile() throws Exception {
        try (Removals removals = removals(1, this::sleep)) {
            ReplicaId id = inTrash(removals);
            assertThat(slept).as("renaming waits for nothing").hasValue(0);
            removals.unlink(id);
            assertThat(heard.take()).isEqualTo("unlinked " + id);
            assertThat(slept.get()).as("each 100 ms one entry, but for the credit").isBetween(97, 110);
            assertThat(Duration.ofNanos(now.get())).isBetween(Duration.ofMillis(9_700), Duration.ofMillis(9_800));
        }
    }

    @Test
    void severalTreesShareThePace() throws Exception {
        try (Removals removals = removals(1, this::sleep)) {
            ReplicaId first = inTrash(removals);
            ReplicaId second = inTrash(removals);
            removals.unlink(first);
            removals.unlink(second);
            assertThat(new String[]{heard.take(), heard.take()}).containsExactlyInAnyOrder("unlinked " + first, "unlinked " + second);
            assertThat(Duration.ofNanos(now.get())).isBetween(Duration.ofMillis(19_800), Duration.ofMillis(19_900));
        }
    }

    @Test
    void whileOneTreeWaitsOthersAreStoredAndTakenFromTheirReadersAndClosingBreaksOff() throws Exception {
        CountDownLatch waiting = new CountDownLatch(1);
        ReplicaId id;
        try (Removals removals = removals(1, time -> {
            waiting.countDown();
            new CountDownLatch(1).await();
        })) {
            id = inTrash(removals);
            removals.unlink(id);
            waiting.await();
            ReplicaId other = inTrash(removals);
            removals.unlink(other);
            assertThat(leftOf(other)).as("waits for its place").isEqualTo(FILES);
        }
        assertThat(heard).as("what was broken off is neither done nor failed").isEmpty();
        assertThat(leftOf(id)).as("the credit is worth two entries, and the first costs nothing").isEqualTo(FILES - 3);
        assertThat(store.ids(StoreArea.TRASH)).hasSize(2).contains(id.toString());
    }
}
