package dev.spillway.pager;

import dev.spillway.pager.PageTables.HeldSequence;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Captures a pager into an empty directory. Contents that another snapshot of this host has are not written again: their pack is linked. If less than
 * half of a pack is needed, the needed contents are copied instead. They are also copied from small packs once there are many of these, as a sequence
 * that grows from capture to capture makes them. Used once, by one thread.
 */
public final class SnapshotWriter {
    private static final System.Logger LOG = System.getLogger(SnapshotWriter.class.getName());
    private static final int SMALL_PACKS_MAX = 32;
    private static final int SMALL_PACK_CONTENTS = 64;
    private static final long SMALL_PACK_BYTES = 4 << 20;
    /** Smallest number of bytes that a page of a sequence takes in a manifest, for its number and its check. */
    private static final long MANIFEST_BYTES_OF_A_PAGE = 21;

    private final PagePool pool;
    private final Path directory;
    private final Packs packs;
    private final ProgressListener progress;
    private final Map<String, PackReader> linked = new LinkedHashMap<>();
    private final Set<String> damaged = new HashSet<>();
    private final Map<String, PackReader> written = new LinkedHashMap<>();
    private final Map<Content, PackPage> fresh = new HashMap<>();
    private @Nullable PackWriter pack;
    private long bytesRead;
    private long bytesWritten;
    private int contentsWritten;
    /** Largest number of contents that this capture may write. */
    private int unpacked;

    /** Thrown when a content that is to be copied is damaged in its pack. */
    private static final class DamagedPackException extends Exception {
        private static final long serialVersionUID = 1;
    }

    /**
     * The outcome of a capture.
     *
     * @param pauseNanos   time for which writes were stopped
     * @param stayedPaused whether the engine stayed paused until all pages were copied, because it does not save pages before it writes them
     * @param pagesWritten number of contents that no snapshot of this host had
     * @param bytesWritten bytes of the directory that are new on the disk
     */
    public record Captured(
            Snapshot snapshot,
            long pauseNanos,
            boolean stayedPaused,
            int pagesWritten,
            long bytesWritten,
            Remembered remembered) {}

    /** The places of a pager's pages in the packs of a capture. The pager remembers them once the snapshot is in its final place. */
    public static final class Remembered {
        private final Map<Integer, PackPage> packed;
        private final long epoch;

        private Remembered(Map<Integer, PackPage> packed, long epoch) {
            this.packed = packed;
            this.epoch = epoch;
        }
    }

    private SnapshotWriter(PagePool pool, Path directory, Packs packs, ProgressListener progress) {
        this.pool = pool;
        this.directory = directory;
        this.packs = packs;
        this.progress = progress;
    }

    /**
     * Writes a snapshot of all sequences as they are now. All files are durable at the end; the directory itself is not.
     *
     * @param packs    packs of the snapshots on the same file system
     * @param progress takes the bytes read from the pager so far
     * @throws IOException           if the directory cannot be written; its contents are then useless
     * @throws PagerRefusedException if the pager cannot be frozen, or is closed meanwhile
     */
    public static Captured capture(PagePool pool, Path directory, Packs packs, ProgressListener progress)
            throws IOException, InterruptedException {
        while (true) {
            try {
                return new SnapshotWriter(pool, directory, packs, progress).capture();
            } catch (DamagedPackException e) {
                // The damaged pack is excluded from now on, so the next attempt writes its contents from the memory of the pager.
                try (Stream<Path> files = Files.list(directory)) {
                    for (Path file : files.toList()) {
                        Files.delete(file);
                    }
                }
            }
        }
    }

    /** Notes that a snapshot is in its final place, so that later captures need not write its contents again. */
    public static void published(Captured captured, Path directory, PagePool pool, Packs packs) {
        packs.add(Snapshot.of(directory, captured.snapshot().manifest()));
        pool.remember(captured.remembered().packed, captured.remembered().epoch);
    }

    private Captured capture() throws IOException, InterruptedException, DamagedPackException {
        try (Arena memory = Arena.ofConfined(); FrozenPages frozen = pool.freeze()) {
            requireRoomInManifest(frozen.sequences().stream().mapToLong(held -> held.sequence().pages().size()).sum());
            List<Integer> pages = frozen.sequences()
                    .stream()
                    .flatMap(held -> held.sequence().pages().stream())
                    .distinct()
                    .toList();
            BitSet slots = new BitSet();
            pages.forEach(slots::set);
            frozen.sequences().forEach(held -> Arrays.stream(held.states()).forEach(slots::set));
            Map<Integer, PackPage> packed = unchanged(frozen, slots);
            packed.keySet().forEach(slots::clear);
            frozen.read(slots);
            unpacked = slots.cardinality();
            ByteBuffer buffer = memory.allocate(pool.slotBytesMax()).asByteBuffer();
            for (int slot = frozen.next(buffer); slot >= 0; slot = frozen.next(buffer)) {
                packed.put(slot, store(tensor(slot), buffer, frozen.check()));
                bytesRead += buffer.limit();
                progress.done(bytesRead);
            }
            compact(packed, buffer);
            finishPack();
            SnapshotManifest manifest = manifest(frozen.sequences(), pages, packed);
            writeManifest(manifest);
            return new Captured(
                    Snapshot.of(directory, manifest),
                    frozen.pauseNanos(),
                    frozen.staysPaused(),
                    contentsWritten,
                    bytesWritten,
                    new Remembered(packed, frozen.epoch()));
        } finally {
            if (pack != null) {
                pack.close();
            }
            for (PackReader reader : linked.values()) {
                reader.close();
            }
            for (PackReader reader : written.values()) {
                reader.close();
            }
        }
    }

    /** Refuses a capture with too many pages for a manifest, before anything is written. */
    static void requireRoomInManifest(long pages) {
        if (pages > SnapshotManifest.BYTES_MAX / MANIFEST_BYTES_OF_A_PAGE) {
            throw tooLarge("%d pages of sequences, of which each counts as often as a sequence has it".formatted(pages));
        }
    }

    private static PagerRefusedException tooLarge(String what) {
        return new PagerRefusedException(
                Reason.EXHAUSTED,
                "%s (expected: a manifest of at most %d bytes)".formatted(what, SnapshotManifest.BYTES_MAX));
    }

    private record Tensor(ElementType elements, List<Long> dimensions) {}

    /** Identifies a content. Equal bytes of another type or shape are another content, because a pack states type and shape of each tensor. */
    private record Content(Tensor tensor, PageHash hash) {}

    private Tensor tensor(int slot) {
        return pool.stateOf(slot)
                .map(state -> new Tensor(state.elements(), state.dimensions()))
                .orElseGet(() -> new Tensor(pool.meta().page().elements(), pool.meta().page().dimensions()));
    }

    private Map<Integer, PackPage> unchanged(FrozenPages frozen, BitSet slots) throws IOException {
        Map<Integer, PackPage> unchanged = new HashMap<>();
        for (int slot = slots.nextSetBit(0); slot >= 0; slot = slots.nextSetBit(slot + 1)) {
            PackPage page = frozen.unchanged(slot);
            if (page != null && linked(page.pack()) != null) {
                unchanged.put(slot, page);
            }
        }
        return unchanged;
    }

    /**
     * Links a pack of another snapshot into this one; null if the pack is gone or cannot be opened, so that its contents have to be written again.
     */
    private @Nullable PackReader linked(String name) throws IOException {
        PackReader reader = linked.get(name);
        if (reader == null && !damaged.contains(name) && packs.link(name, directory)) {
            try {
                reader = PackReader.open(directory, name);
                linked.put(name, reader);
            } catch (PagerRefusedException e) {
                damaged.add(name);
                Files.delete(directory.resolve(name));
            }
        }
        return reader;
    }

    private PackPage store(Tensor tensor, ByteBuffer content, @Nullable PageCheck check) throws IOException {
        PageHash hash = PageHash.of(content);
        PackPage same = fresh.get(new Content(tensor, hash));
        if (same != null && holds(same, tensor, content)) {
            return same;
        }
        for (PackPage known : packs.find(hash)) {
            PackReader reader = linked(known.pack());
            if (reader != null && reader.holds(known.at(), tensor.elements(), tensor.dimensions(), content) && known.isChecked(content)) {
                return known;
            }
        }
        return write(tensor, content, hash, check);
    }

    private boolean holds(PackPage page, Tensor tensor, ByteBuffer content) throws IOException {
        if (pack != null && pack.name().equals(page.pack())) {
            return pack.holds(page, content);
        }
        return at(written, page.pack()).holds(page.at(), tensor.elements(), tensor.dimensions(), content);
    }

    private PackPage write(Tensor tensor, ByteBuffer content, PageHash hash, @Nullable PageCheck check) throws IOException {
        PackWriter writer = pack;
        if (writer == null || writer.isFull()) {
            finishPack();
            writer = new PackWriter(directory, "pack-" + UUID.randomUUID() + ".safetensors", Math.max(1, unpacked - contentsWritten));
            pack = writer;
        }
        PackPage page = writer.add(tensor.elements(), tensor.dimensions(), content, hash, check);
        fresh.put(new Content(tensor, hash), page);
        contentsWritten++;
        return page;
    }

    private void finishPack() throws IOException {
        PackWriter writer = pack;
        if (writer != null) {
            writer.finish();
            writer.close();
            pack = null;
            bytesWritten += writer.bytes();
            written.put(writer.name(), PackReader.open(directory, writer.name()));
        }
    }

    /** Copies the needed contents out of packs that are not to be kept, and removes the links to these packs. */
    private void compact(Map<Integer, PackPage> packed, ByteBuffer buffer) throws IOException, DamagedPackException {
        Map<String, Long> needed =
                packed.values().stream().distinct().collect(Collectors.groupingBy(PackPage::pack, Collectors.counting()));
        Set<String> left = left(needed);
        unpacked += Math.toIntExact(left.stream().mapToLong(name -> needed.getOrDefault(name, 0L)).sum());
        Map<PackPage, PackPage> moved = new HashMap<>();
        for (Map.Entry<Integer, PackPage> slot : packed.entrySet()) {
            PackPage from = slot.getValue();
            if (left.contains(from.pack())) {
                PackPage to = moved.get(from);
                if (to == null) {
                    to = copied(tensor(slot.getKey()), from, buffer);
                    moved.put(from, to);
                }
                slot.setValue(to);
            }
        }
        for (String name : left) {
            unlink(name);
        }
    }

    private void unlink(String name) throws IOException {
        at(linked, name).close();
        linked.remove(name);
        Files.delete(directory.resolve(name));
    }

    private Set<String> left(Map<String, Long> needed) {
        Set<String> left = new HashSet<>();
        List<String> small = new ArrayList<>();
        linked.forEach((name, reader) -> {
            if (2 * needed.getOrDefault(name, 0L) < reader.count()) {
                left.add(name);
            } else if (reader.count() <= SMALL_PACK_CONTENTS && reader.bytes() <= SMALL_PACK_BYTES) {
                small.add(name);
            }
        });
        if (small.size() > SMALL_PACKS_MAX) {
            left.addAll(small);
        }
        return left;
    }

    private PackPage copied(Tensor tensor, PackPage page, ByteBuffer content) throws IOException, DamagedPackException {
        at(linked, page.pack()).read(page.at(), tensor.elements(), tensor.dimensions(), content);
        if (!PageHash.of(content).equals(page.hash())) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "tensor {0} of {1}: is not what was captured, so no capture uses the pack any more",
                    page.at(),
                    page.pack());
            packs.distrust(Set.of(page.pack()));
            throw new DamagedPackException();
        }
        return write(tensor, content, page.hash(), page.check());
    }

    private SnapshotManifest manifest(List<HeldSequence> sequences, List<Integer> pages, Map<Integer, PackPage> packed) {
        List<String> names = Stream.concat(linked.keySet().stream(), written.keySet().stream()).sorted().toList();
        Map<String, Integer> packNumbers = new HashMap<>();
        names.forEach(name -> packNumbers.put(name, packNumbers.size()));
        Map<Integer, Integer> numbers = new HashMap<>();
        List<SnapshotManifest.Page> listed = new ArrayList<>();
        for (int slot : pages) {
            numbers.put(slot, listed.size());
            listed.add(page(at(packed, slot), packNumbers));
        }
        PagerMeta meta = pool.meta();
        PlaceChecks places = new PlaceChecks(meta);
        return SnapshotManifest.of(meta, names, listed, sequences.stream().map(held -> {
            LogicalSequence sequence = held.sequence();
            List<String> checks = new ArrayList<>();
            for (int position = 0; position < sequence.pages().size(); position++) {
                checks.add(places.of(at(packed, sequence.pages().get(position)).hash(), sequence.id(), "", position));
            }
            TreeMap<String, SnapshotManifest.State> states = new TreeMap<>();
            for (int at = 0; at < held.states().length; at++) {
                String pool = meta.states().get(at).name();
                PackPage page = at(packed, held.states()[at]);
                states.put(pool, new SnapshotManifest.State(page(page, packNumbers), places.of(page.hash(), sequence.id(), pool, 0)));
            }
            return new SnapshotManifest.Sequence(
                    sequence.id(),
                    sequence.lastPageTokens(),
                    sequence.pages().stream().map(slot -> at(numbers, slot)).toList(),
                    checks,
                    states);
        }).toList());
    }

    private static <K, V> V at(Map<K, V> map, K key) {
        V value = map.get(key);
        if (value == null) {
            throw new IllegalStateException("no value of " + key);
        }
        return value;
    }

    private static SnapshotManifest.Page page(PackPage page, Map<String, Integer> packs) {
        PageCheck check = page.check();
        return new SnapshotManifest.Page(
                page.hash().toString(),
                at(packs, page.pack()),
                page.at(),
                check == null ? null : check.toString());
    }

    private void writeManifest(SnapshotManifest manifest) throws IOException {
        byte[] json = manifest.json();
        if (json.length > SnapshotManifest.BYTES_MAX) {
            throw tooLarge("a manifest of %d bytes".formatted(json.length));
        }
        try (FileChannel file =
                FileChannel.open(directory.resolve(SnapshotManifest.FILE), StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            ByteBuffer rest = ByteBuffer.wrap(json);
            while (rest.hasRemaining()) {
                file.write(rest);
            }
            file.force(true);
        }
        bytesWritten += json.length;
    }
}
