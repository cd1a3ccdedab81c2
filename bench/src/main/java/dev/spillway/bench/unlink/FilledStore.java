package dev.spillway.bench.unlink;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Commands;
import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.StageOutcome;
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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/** A worker's store in a folder of its own, with images that are read and trees in the trash. Closing deletes the folder. */
final class FilledStore implements AutoCloseable {
    private static final int UNLINKED_AT_ONCE = 2;

    private final Path folder;
    private final ImageStore store;
    private final List<Path> read = new ArrayList<>();
    private final Tree doomed;

    /** A tree of equal files, flat. */
    record Tree(int files, int bytesEach) {
        long entries() {
            return files + 1L;
        }
    }

    /** Parts that a deletion removed. */
    record Removed(long trees, long entries, long bytes, long nanos) {}

    private FilledStore(Path folder, ImageStore store, Tree doomed) {
        this.folder = folder;
        this.store = store;
        this.doomed = doomed;
    }

    /**
     * Makes a store with images to read.
     *
     * @param doomed what {@link #fillTrash} makes
     */
    static FilledStore make(int images, Tree each, Tree doomed) throws InterruptedException {
        FilledStore store = open(doomed);
        boolean whole = false;
        try {
            store.fill(images, each);
            whole = true;
            return store;
        } finally {
            if (!whole) {
                store.close();
            }
        }
    }

    private static FilledStore open(Tree doomed) throws InterruptedException {
        try {
            Path folder = Files.createTempDirectory("spillway-unlink-").toRealPath();
            return new FilledStore(folder, ImageStore.open(folder.resolve("store")), doomed);
        } catch (IOException e) {
            throw new BenchmarkFailedException("making a store: " + e, e);
        }
    }

    private void fill(int images, Tree each) throws InterruptedException {
        try {
            Path source = folder.resolve("source");
            write(each, source);
            for (int image = 0; image < images; image++) {
                Path path = store.imagePath(publish(source));
                for (int file = 0; file < each.files(); file++) {
                    read.add(path.resolve(fileName(file)));
                }
            }
        } catch (IOException e) {
            throw new BenchmarkFailedException("making images: " + e, e);
        }
    }

    Path folder() {
        return folder;
    }

    /** Every file of every image. */
    List<Path> read() {
        return read;
    }

    private static String fileName(int number) {
        return "f" + number;
    }

    private static void write(Tree tree, Path directory) throws IOException {
        Files.createDirectory(directory);
        SplittableRandom random = new SplittableRandom(tree.files());
        byte[] content = new byte[tree.bytesEach()];
        for (int file = 0; file < tree.files(); file++) {
            random.nextBytes(content);
            Files.write(directory.resolve(fileName(file)), content);
        }
    }

    private String publish(Path source) throws IOException, InterruptedException {
        String id = UUID.randomUUID().toString();
        try (SourceDirectory tree = new AllowedSources(List.of(folder)).open(source.toString())) {
            StageOutcome staged = store.stage(id, tree, StageMode.COPY, Long.MAX_VALUE);
            if (!(staged instanceof StageOutcome.Staged) || store.publish(id) != PublishOutcome.PUBLISHED) {
                throw new BenchmarkFailedException("image " + id + ": " + staged + " (expected: staged and published)");
            }
        }
        return id;
    }

    /** Makes so many trees in the trash, whole on the disk, so that nothing of them is still being written when this returns. */
    void fillTrash(int trees) throws InterruptedException {
        try {
            Path trash = store.path().resolve(StoreArea.TRASH.name().toLowerCase(Locale.ROOT));
            for (int number = 0; number < trees; number++) {
                write(doomed, trash.resolve(UUID.randomUUID().toString()));
            }
            // One for all trees: staging them as images costs one for each.
            Commands.run("sync", "-f", folder.toString());
        } catch (IOException e) {
            throw new BenchmarkFailedException("filling the trash: " + e, e);
        }
    }

    /** Deletes all that is in the trash, as many trees at once as a worker does. */
    Removed emptyTrash(UnlinkPace pace) throws InterruptedException {
        long begin = System.nanoTime();
        long entries = 0;
        long bytes = 0;
        List<Future<UnlinkOutcome>> ends = new ArrayList<>();
        try (ExecutorService unlinkers = Executors.newFixedThreadPool(UNLINKED_AT_ONCE, Thread.ofVirtual().name("unlink-", 0).factory())) {
            try {
                for (String id : store.ids(StoreArea.TRASH)) {
                    ends.add(unlinkers.submit(() -> store.unlink(id, pace)));
                }
                for (Future<UnlinkOutcome> end : ends) {
                    if (!(end.get() instanceof UnlinkOutcome.Unlinked(var freed, var names))) {
                        throw new BenchmarkFailedException("unlinking: " + end.get() + " (expected: unlinked)");
                    }
                    entries += names;
                    bytes += freed;
                }
            } finally {
                unlinkers.shutdownNow();
            }
        } catch (IOException | ExecutionException e) {
            throw new BenchmarkFailedException("emptying the trash: " + e, e);
        }
        return new Removed(ends.size(), entries, bytes, System.nanoTime() - begin);
    }

    @Override
    public void close() {
        try {
            store.close();
            try (Stream<Path> paths = Files.walk(folder)) {
                for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        } catch (IOException e) {
            throw new BenchmarkFailedException("deleting " + folder + ": " + e, e);
        }
    }
}
