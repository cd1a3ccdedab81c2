package dev.spillway.pager;

import dev.spillway.events.ContentDigest;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A snapshot in a directory: a manifest and packs. Immutable; the directory must not change while it is used. The manifest is verified when the
 * snapshot is opened; {@link #verify} and {@link #restore} verify the packs.
 */
public final class Snapshot {
    private static final System.Logger LOG = System.getLogger(Snapshot.class.getName());

    private final Path directory;
    private final SnapshotManifest manifest;

    private Snapshot(Path directory, SnapshotManifest manifest) {
        this.directory = directory;
        this.manifest = manifest;
    }

    /**
     * Reads the manifest of a snapshot.
     *
     * @throws PagerRefusedException if the directory has none, or one that is damaged
     * @throws IOException           if the manifest cannot be read, or it is unknown whether there is one
     */
    public static Snapshot open(Path directory) throws IOException {
        Path file = directory.resolve(SnapshotManifest.FILE);
        try {
            if (!Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isRegularFile()) {
                throw noManifest(directory);
            }
            try (InputStream in = Files.newInputStream(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
                byte[] json = in.readNBytes(SnapshotManifest.BYTES_MAX + 1);
                if (json.length > SnapshotManifest.BYTES_MAX) {
                    throw new PagerRefusedException(Reason.DAMAGED, "manifest: has over %d bytes".formatted(SnapshotManifest.BYTES_MAX));
                }
                return new Snapshot(directory, SnapshotManifest.parse(json));
            }
        } catch (NoSuchFileException e) {
            throw noManifest(directory);
        }
    }

    private static PagerRefusedException noManifest(Path directory) {
        return new PagerRefusedException(Reason.MISMATCH, "%s: has no manifest of a pager's snapshot".formatted(directory.getFileName()));
    }

    static Snapshot of(Path directory, SnapshotManifest manifest) {
        return new Snapshot(directory, manifest);
    }

    Path directory() {
        return directory;
    }

    SnapshotManifest manifest() {
        return manifest;
    }

    /** Returns the digest of the content, which is equal for captures of equal states. */
    public ContentDigest digest() {
        return manifest.digest();
    }

    public PagerMeta meta() {
        return manifest.meta();
    }

    /** Returns the number of distinct pages. */
    public int pages() {
        return manifest.pages().size();
    }

    /** Returns the ids of the sequences, sorted. */
    public List<String> sequences() {
        return manifest.sequences().stream().map(SnapshotManifest.Sequence::id).toList();
    }

    /** The packs of the snapshot, opened as they are needed. */
    private final class OpenPacks implements AutoCloseable {
        private final Map<String, PackReader> open = new ConcurrentHashMap<>();

        /** Opens all packs in parallel, because parsing their headers takes long. A pack that cannot be opened is reported when it is needed. */
        void openAhead() {
            manifest.packs().parallelStream().forEach(name -> {
                try {
                    open.put(name, PackReader.open(directory, name));
                } catch (IOException | PagerRefusedException e) {
                    LOG.log(System.Logger.Level.DEBUG, "{0} cannot be opened ahead: {1}", name, e.getMessage());
                }
            });
        }

        PackReader of(PackPage page) throws IOException {
            PackReader pack = open.get(page.pack());
            if (pack == null) {
                pack = PackReader.open(directory, page.pack());
                open.put(page.pack(), pack);
            }
            return pack;
        }

        @Override
        public void close() throws IOException {
            for (PackReader pack : open.values()) {
                pack.close();
            }
        }
    }

    /**
     * Reads every page and every state and compares it with its hash.
     *
     * @param progress takes the bytes checked so far
     * @throws PagerRefusedException naming the first page or state that differs from the capture
     */
    public void verify(ProgressListener progress) throws IOException, InterruptedException {
        PageShape shape = meta().page();
        long bytes = 0;
        long largest =
                Stream.concat(Stream.of(shape.bytes()), meta().states().stream().map(StatePool::bytes)).max(Long::compare).orElseThrow();
        try (Arena memory = Arena.ofConfined(); OpenPacks packs = new OpenPacks()) {
            ByteBuffer buffer = memory.allocate(largest).asByteBuffer();
            for (int at = 0; at < manifest.pages().size(); at++) {
                int number = at;
                PackPage page = manifest.packed(manifest.pages().get(at));
                bytes += verify(packs, page, shape.elements(), shape.dimensions(), buffer, () -> nameOfPage(number));
                progress.done(bytes);
            }
            for (SnapshotManifest.Sequence sequence : manifest.sequences()) {
                for (StatePool pool : meta().states()) {
                    PackPage page = state(sequence, pool);
                    bytes += verify(packs, page, pool.elements(), pool.dimensions(), buffer, () -> nameOfState(sequence, pool));
                    progress.done(bytes);
                }
            }
        }
    }

    private PackPage state(SnapshotManifest.Sequence sequence, StatePool pool) {
        SnapshotManifest.State state = sequence.states().get(pool.name());
        if (state == null) {
            throw new IllegalStateException("a checked manifest has all states");
        }
        return manifest.packed(state.page());
    }

    private static long verify(
            OpenPacks packs,
            PackPage page,
            ElementType elements,
            List<Long> dimensions,
            ByteBuffer buffer,
            Supplier<String> name) throws IOException, InterruptedException {
        named(name, () -> {
            packs.of(page).read(page.at(), elements, dimensions, buffer);
            return buffer;
        });
        requireContent(buffer, page, name);
        return buffer.limit();
    }

    /** A read of a page or a state. */
    interface Reading<T> {
        T read() throws IOException, InterruptedException;
    }

    /** Reads a page or a state. If it is damaged, the exception names it. */
    static <T> T named(Supplier<String> name, Reading<T> reading) throws IOException, InterruptedException {
        try {
            return reading.read();
        } catch (PagerRefusedException e) {
            if (e.reason() != Reason.DAMAGED && e.reason() != Reason.MEMORY_DAMAGED) {
                throw e;
            }
            PagerRefusedException named = new PagerRefusedException(e.reason(), name.get() + ": " + e.getMessage());
            named.initCause(e);
            throw named;
        }
    }

    static void requireContent(ByteBuffer content, PackPage page, Supplier<String> name) {
        if (!PageHash.of(content).equals(page.hash()) || !page.isChecked(content)) {
            throw new PagerRefusedException(
                    Reason.DAMAGED,
                    "%s (tensor %d of %s): is not what was captured".formatted(name.get(), page.at(), page.pack()));
        }
    }

    private String nameOfPage(int page) {
        return manifest.sequences()
                .stream()
                .filter(sequence -> sequence.pages().contains(page))
                .findFirst()
                .map(sequence -> "page %d of sequence %s".formatted(sequence.pages().indexOf(page), sequence.id()))
                .orElse("page " + page);
    }

    private static String nameOfState(SnapshotManifest.Sequence sequence, StatePool pool) {
        return "state %s of sequence %s".formatted(pool.name(), sequence.id());
    }

    /**
     * Reads all sequences into free pages of a pager, and verifies them. They appear in the pager at once, after everything is read and verified.
     *
     * @param progress takes the bytes read so far
     * @return the installed sequences, with pages of this pager
     * @throws PagerRefusedException if the snapshot is damaged or of another meta, or the pager has too few free pages or a sequence of the same id.
     *                               The pager is unchanged
     */
    public List<LogicalSequence> restore(PagePool pool, ProgressListener progress) throws IOException, InterruptedException {
        requireMeta(pool.meta());
        PageTables.Reserved reserved = pool.reserve(pages(), manifest.sequences().size());
        boolean installed = false;
        try (OpenPacks packs = new OpenPacks()) {
            packs.openAhead();
            List<SlotFills.Fill> fills = new ArrayList<>();
            PageShape shape = meta().page();
            for (int at = 0; at < pages(); at++) {
                int page = at;
                fills.add(
                        new SlotFills.Fill(
                                reserved.pages().get(at),
                                manifest.packed(manifest.pages().get(at)),
                                shape.elements(),
                                shape.dimensions(),
                                () -> nameOfPage(page)));
            }
            List<LogicalSequence> sequences = new ArrayList<>();
            for (SnapshotManifest.Sequence sequence : manifest.sequences()) {
                int[] slots = reserved.states().get(sequences.size());
                for (int at = 0; at < slots.length; at++) {
                    StatePool state = meta().states().get(at);
                    fills.add(
                            new SlotFills.Fill(
                                    slots[at],
                                    state(sequence, state),
                                    state.elements(),
                                    state.dimensions(),
                                    () -> nameOfState(sequence, state)));
                }
                sequences.add(
                        new LogicalSequence(
                                sequence.id(),
                                sequence.pages().stream().map(reserved.pages()::get).toList(),
                                sequence.lastPageTokens()));
            }
            Map<Integer, PackPage> packed = new HashMap<>();
            for (SlotFills.Fill fill : fills) {
                named(fill.name(), () -> packs.of(fill.page()));
                packed.put(fill.slot(), fill.page());
            }
            new SlotFills(pool, packs.open, fills).run(progress);
            pool.install(sequences, reserved, packed);
            installed = true;
            return sequences;
        } finally {
            if (!installed) {
                pool.release(reserved);
            }
        }
    }

    private void requireMeta(PagerMeta wanted) {
        requireEqual("model", meta().model(), wanted.model());
        requireEqual("page", meta().page(), wanted.page());
        requireEqual("states", meta().states(), wanted.states());
    }

    private static void requireEqual(String what, Object here, Object wanted) {
        if (!here.equals(wanted)) {
            throw new PagerRefusedException(
                    Reason.MISMATCH,
                    "%s of the snapshot: %s (expected: that of the pager, %s)".formatted(what, here, wanted));
        }
    }
}
