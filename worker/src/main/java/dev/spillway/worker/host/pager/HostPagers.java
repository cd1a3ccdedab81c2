package dev.spillway.worker.host.pager;

import dev.spillway.api.body.Work;
import dev.spillway.api.body.Work.Kind;
import dev.spillway.events.Description;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.pager.LogicalSequence;
import dev.spillway.pager.Packs;
import dev.spillway.pager.PagePool;
import dev.spillway.pager.PagerMeta;
import dev.spillway.pager.PagerRefusedException;
import dev.spillway.pager.PagerRefusedException.Reason;
import dev.spillway.pager.ProgressListener;
import dev.spillway.pager.Snapshot;
import dev.spillway.pager.SnapshotWriter;
import dev.spillway.worker.core.model.PutOutcome;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.host.HostBusyException;
import dev.spillway.worker.host.HostLoop;
import dev.spillway.worker.host.HostStoppedException;
import dev.spillway.worker.host.WorkUnderWay;
import dev.spillway.worker.host.directory.Directories;
import dev.spillway.worker.host.directory.HeldImage;
import dev.spillway.worker.host.directory.TreePuts;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The KV pagers of one host. A capture is put as a directory image, like any other image of the fleet. A restore reads an image under a hold; if this
 * host has none, it takes a copy from another host. Pagers are in memory and end with the worker. Blocks; thread-safe.
 */
public final class HostPagers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HostPagers.class);
    private static final long CHECKED_EVERY = 64 << 20;
    private static final int LISTED_AT_ONCE = 1000;

    private final Settings settings;
    private final StoreId storeId;
    private final Host host;
    private final Watcher watcher;
    private final Packs packs = new Packs();
    private final WorkUnderWay work = new WorkUnderWay();
    private final ConcurrentSkipListMap<String, Open> open = new ConcurrentSkipListMap<>();
    private final ScheduledExecutorService pauses =
            Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().name("pauses").daemon().factory());
    private long bytes;
    private boolean closed;

    /**
     * The settings of pagers.
     *
     * @param files    directory of the files that engines map
     * @param bytesMax memory of all pagers
     */
    public record Settings(Path files, long bytesMax) {}

    /** The parts of the host that pagers use. */
    public record Host(HostLoop loop, ImageStore store, Directories directories, TreePuts puts) {}

    /** A pager with its name, its counts and its pause. */
    public static final class Open {
        private final String name;
        private final PagePool pool;
        private final long bytes;
        private final PagerCounts counts = new PagerCounts();
        /** Guarded by this, as the next. */
        private long pauseNumber;
        private @Nullable Future<?> pauseEnd;

        private Open(String name, PagePool pool, long bytes) {
            this.name = name;
            this.pool = pool;
            this.bytes = bytes;
        }

        public String name() {
            return name;
        }

        public PagePool pool() {
            return pool;
        }

        public long bytes() {
            return bytes;
        }

        public PagerCounts counts() {
            return counts;
        }
    }

    /** Told of each pager that is made, and once of its end. */
    public interface Watcher {
        void opened(Open pager);

        void closed(Open pager);
    }

    /** The outcome of a capture. */
    public record Captured(TreePuts.Result put, SnapshotWriter.@Nullable Captured capture) {}

    /** The outcome of a restore. */
    public sealed interface Restored {
        record Done(ReplicaRecord replica, boolean fromPeer, List<LogicalSequence> sequences) implements Restored {}

        /** The snapshot is not on this host, and no other host gave a copy. */
        record NotFound(Directories.Found found) implements Restored {}
    }

    /**
     * Creates the pagers of a host, none at first. Deletes the files that a killed process left.
     *
     * @param storeId a part of the files' names, so that workers of one machine may share a directory
     */
    public static HostPagers open(Settings settings, StoreId storeId, Host host, Watcher watcher) throws IOException {
        HostPagers pagers = new HostPagers(settings, storeId, host, watcher);
        // The store is open in this process alone, so no other process uses these files.
        try (DirectoryStream<Path> left = Files.newDirectoryStream(settings.files(), pagers.fileName("*"))) {
            for (Path file : left) {
                LOG.info("{}: deleted, because a killed process left it", file);
                Files.deleteIfExists(file);
            }
        }
        return pagers;
    }

    private HostPagers(Settings settings, StoreId storeId, Host host, Watcher watcher) {
        this.settings = settings;
        this.storeId = storeId;
        this.host = host;
        this.watcher = watcher;
    }

    private String fileName(String pager) {
        return "spillway-%s-%s.kv".formatted(storeId, pager);
    }

    /**
     * Makes a pager.
     *
     * @param inFile whether it lies in a file that an engine may map
     * @throws PagerRefusedException if the name is taken, or there is no memory for it
     */
    public Open create(String name, PagerMeta meta, PagePool.Size size, boolean inFile) throws IOException {
        long needed = PagePool.bytes(meta, size);
        reserve(name, needed);
        boolean made = false;
        try {
            PagePool pool = inFile ? PagePool.inFile(meta, size, settings.files().resolve(fileName(name))) : PagePool.inMemory(meta, size);
            Open pager = new Open(name, pool, needed);
            made = open.putIfAbsent(name, pager) == null;
            if (!made) {
                pool.close();
                throw exists(name);
            }
            watcher.opened(pager);
            return pager;
        } catch (java.nio.file.FileAlreadyExistsException e) {
            throw exists(name);
        } catch (IOException e) {
            if (Files.getFileStore(settings.files()).getUsableSpace() < needed) {
                throw new PagerRefusedException(
                        Reason.EXHAUSTED,
                        "%d bytes for a pager (expected: as much room on %s)".formatted(needed, settings.files()));
            }
            throw e;
        } finally {
            if (!made) {
                release(needed);
            }
        }
    }

    private static PagerRefusedException exists(String name) {
        return new PagerRefusedException(Reason.EXISTS, "pager %s: exists".formatted(name));
    }

    private synchronized void reserve(String name, long needed) {
        if (closed) {
            throw new PagerRefusedException(Reason.CLOSED, "the worker stops");
        }
        if (open.containsKey(name)) {
            throw exists(name);
        }
        if (needed > settings.bytesMax() - bytes) {
            throw new PagerRefusedException(
                    Reason.EXHAUSTED,
                    "%d bytes for a pager (expected: at most %d, which pager-memory leaves)".formatted(
                            needed,
                            settings.bytesMax() - bytes));
        }
        bytes += needed;
    }

    private synchronized void release(long freed) {
        bytes -= freed;
    }

    /** Returns a pager by its name. */
    public Optional<Open> find(String name) {
        return Optional.ofNullable(open.get(name));
    }

    /** Returns the pagers after a name, sorted by name. */
    public List<Open> list(String after, int limit) {
        return open.tailMap(after, false).values().stream().limit(limit).toList();
    }

    /** Closes a pager, and returns whether there was one. Captures and restores of it end. */
    public boolean close(String name) {
        Open pager = open.remove(name);
        if (pager == null) {
            return false;
        }
        watcher.closed(pager);
        try {
            pager.pool().close();
        } finally {
            release(pager.bytes());
        }
        return true;
    }

    /** Pauses a pager until {@link #resume}, at most for the given time. */
    public void quiesce(Open pager, Duration within) throws InterruptedException {
        pager.pool().pause();
        synchronized (pager) {
            long pause = ++pager.pauseNumber;
            pager.pauseEnd = pauses.schedule(() -> endLate(pager, pause, within), within.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private static void endLate(Open pager, long pause, Duration within) {
        synchronized (pager) {
            // With another number, a later pause has begun since.
            if (pager.pauseNumber == pause && pager.pauseEnd != null) {
                LOG.warn("pager {}: resumed, because its pause was not ended within {}", pager.name(), within);
                pager.pauseEnd = null;
                pager.pool().resume();
            }
        }
    }

    /** Ends a pause, if there is one. */
    public void resume(Open pager) {
        synchronized (pager) {
            Future<?> end = pager.pauseEnd;
            if (end != null) {
                end.cancel(false);
                pager.pauseEnd = null;
            }
            pager.pool().resume();
        }
    }

    /** Returns the capture or restore of a pager that has been under way for the longest time. */
    public Optional<Work> work(Open pager) {
        return work.first(pager);
    }

    /** Returns the verification of an entry that has been under way for the longest time. */
    public Optional<Work> verification(EntryName name) {
        return work.first(name);
    }

    /** Captures a pager and puts the snapshot under a key. */
    public Captured capture(Open pager, EntryName name, Description description)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        boolean stored = false;
        try {
            Captured captured = put(pager, name, description);
            stored = captured.put() instanceof TreePuts.Result.Settled(var _, var _, var _, var _, PutOutcome.Stored _);
            return captured;
        } finally {
            pager.counts.captured(stored);
        }
    }

    private Captured put(Open pager, EntryName name, Description description)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        learn(name.namespace());
        AtomicReference<SnapshotWriter.@Nullable Captured> written = new AtomicReference<>();
        TreePuts.Source source = new TreePuts.Source.Written(
                (directory, room) -> written.set(
                        work.run(
                                pager,
                                Kind.CAPTURE,
                                progress -> SnapshotWriter.capture(pager.pool(), directory, packs, new CheckedProgress(progress, room)))),
                () -> new SnapshotId(required(written).snapshot().digest().value()));
        TreePuts.Result result = host.puts().put(new TreePuts.Put(name, source, description, 0, Optional.empty(), Optional.empty()));
        if (result instanceof TreePuts.Result.Settled(var path, var _, var _, var _, PutOutcome.Stored _)) {
            SnapshotWriter.published(required(written), path, pager.pool(), packs);
        }
        SnapshotWriter.Captured captured = written.get();
        if (captured != null) {
            pager.counts.paused(captured.pauseNanos());
        }
        return new Captured(result, captured);
    }

    private static SnapshotWriter.Captured required(AtomicReference<SnapshotWriter.@Nullable Captured> written) {
        return Objects.requireNonNull(written.get(), "written");
    }

    /** Looks up the packs of a namespace on this host, so that a capture need not write their contents again. */
    private void learn(NamespaceName namespace) {
        packs.forgetMissing();
        String after = "";
        List<ReplicaRecord> page;
        do {
            page = host.loop().view().served(namespace, "", after, LISTED_AT_ONCE);
            for (ReplicaRecord replica : page) {
                learn(host.store().imagePath(replica.image().value()));
                after = replica.name().key().value();
            }
        } while (page.size() == LISTED_AT_ONCE);
    }

    private void learn(Path directory) {
        if (packs.knows(directory)) {
            return;
        }
        try {
            packs.add(Snapshot.open(directory));
        } catch (PagerRefusedException e) {
            LOG.debug("{}: is no snapshot of a pager whose packs can be shared: {}", directory, e.getMessage());
            packs.passOver(directory);
        } catch (IOException e) {
            LOG.warn("{}: its manifest cannot be read, so this capture writes its contents again; the next one tries again", directory, e);
        }
    }

    /**
     * Restores an entry into a pager. If the copy that was taken from another host for this restore is damaged, it is dropped, so that the next
     * restore takes another one.
     */
    public Restored restore(Open pager, EntryName name, boolean fetch)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        boolean done = false;
        try {
            Restored restored = read(pager, name, fetch);
            done = restored instanceof Restored.Done;
            return restored;
        } finally {
            pager.counts.restored(done);
        }
    }

    private Restored read(Open pager, EntryName name, boolean fetch)
            throws IOException, HostBusyException, HostStoppedException, InterruptedException {
        Directories.Found found = host.directories().getToRead(name, fetch);
        if (!(found instanceof Directories.Found.Served served)) {
            return new Restored.NotFound(found);
        }
        try (HeldImage image = host.directories().reading(served)) {
            List<LogicalSequence> sequences = work.run(pager, Kind.RESTORE, progress -> {
                Snapshot snapshot = opened(served);
                List<LogicalSequence> restored = sound(snapshot, () -> snapshot.restore(pager.pool(), done -> {
                    image.keep();
                    progress.accept(done);
                }));
                packs.add(snapshot);
                return restored;
            });
            return new Restored.Done(served.replica(), served.fetched(), sequences);
        } catch (PagerRefusedException e) {
            if (served.fetched() && e.reason() == Reason.DAMAGED) {
                LOG.warn("{}: the copy from another host is dropped, because it is damaged: {}", name, e.getMessage());
                host.loop().lost(served.replica().image());
            }
            throw e;
        }
    }

    /** Opens the snapshot that the entry names. Refuses another valid snapshot in its place, which another host may have sent by mistake. */
    private static Snapshot opened(Directories.Found.Served served) throws IOException {
        Snapshot snapshot = Snapshot.open(served.path());
        String named = served.replica().snapshotId().value();
        if (!snapshot.digest().value().equals(named)) {
            throw new PagerRefusedException(
                    Reason.DAMAGED,
                    "%s: is snapshot %s (expected: %s, which the entry names)".formatted(
                            served.replica().name(),
                            snapshot.digest(),
                            named));
        }
        return snapshot;
    }

    /** Reads every byte of an entry of this host and compares it with what was captured. */
    public Snapshot verify(Directories.Found.Served served) throws IOException, InterruptedException {
        try (HeldImage image = host.directories().reading(served)) {
            return work.run(served.replica().name(), Kind.VERIFY, progress -> {
                Snapshot snapshot = opened(served);
                return sound(snapshot, () -> {
                    snapshot.verify(done -> {
                        image.keep();
                        progress.accept(done);
                    });
                    return snapshot;
                });
            });
        }
    }

    private interface Reading<T> {
        T read() throws IOException, InterruptedException;
    }

    /** Reads a snapshot. If it is damaged, no later capture uses its packs. */
    private <T> T sound(Snapshot snapshot, Reading<T> reading) throws IOException, InterruptedException {
        try {
            return reading.read();
        } catch (PagerRefusedException e) {
            if (e.reason() == Reason.DAMAGED) {
                packs.distrust(snapshot);
            }
            throw e;
        }
    }

    /** Checks from time to time whether there is room for more bytes. */
    private static final class CheckedProgress implements ProgressListener {
        private final LongConsumer progress;
        private final TreePuts.Room room;
        private long checked = -CHECKED_EVERY;

        CheckedProgress(LongConsumer progress, TreePuts.Room room) {
            this.progress = progress;
            this.room = room;
        }

        @Override
        public void done(long bytes) throws IOException, InterruptedException {
            if (bytes >= checked + CHECKED_EVERY) {
                checked = bytes;
                room.require(bytes, CHECKED_EVERY);
            }
            progress.accept(bytes);
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        open.keySet().forEach(this::close);
        pauses.shutdownNow();
    }
}
