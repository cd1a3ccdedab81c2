package dev.spillway.pager;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The packs of all snapshots on a host, by the contents in them. A snapshot that has a content of another one gets a hard link of its pack, so the bytes
 * are there once, and go with the last snapshot that has them, also when nobody is there to count. Thread-safe.
 */
public final class Packs {
    private final Map<String, Pack> packs = new HashMap<>();
    /** The places of a content in all packs that have it, the newest first: what was copied out of a pack is found in the copy. */
    private final Map<PageHash, List<PackPage>> pages = new HashMap<>();
    private final Set<Path> known = new LinkedHashSet<>();
    private final Set<String> distrusted = new HashSet<>();

    private record Pack(Set<Path> directories, Set<PageHash> hashes) {}

    /** Adds the packs of a snapshot. Does nothing if its directory is known. */
    public synchronized void add(Snapshot snapshot) {
        if (!known.add(snapshot.directory())) {
            return;
        }
        for (PackPage page : snapshot.manifest().contents()) {
            Pack pack = packs.computeIfAbsent(page.pack(), _ -> new Pack(new LinkedHashSet<>(), new LinkedHashSet<>()));
            pack.directories().add(snapshot.directory());
            pack.hashes().add(page.hash());
            pages.merge(page.hash(), List.of(page), (there, more) -> there.contains(page) ? there : joined(more, there));
        }
    }

    private static List<PackPage> joined(List<PackPage> newest, List<PackPage> there) {
        return Stream.concat(newest.stream(), there.stream()).toList();
    }

    /** Takes note that a directory has no packs to be shared, so that nobody reads it again to find out. */
    public synchronized void passOver(Path directory) {
        known.add(directory);
    }

    /** No capture uses a pack of this snapshot any more, because something of it is damaged. */
    public synchronized void distrust(Snapshot snapshot) {
        add(snapshot);
        distrust(snapshot.manifest().contents().stream().map(PackPage::pack).collect(Collectors.toSet()));
    }

    synchronized void distrust(Set<String> names) {
        names.stream().filter(packs::containsKey).forEach(distrusted::add);
    }

    /** Returns whether the directory of a snapshot is known, or is none. */
    public synchronized boolean knows(Path directory) {
        return known.contains(directory);
    }

    /** Forgets the snapshots whose directories are gone. */
    public synchronized void forgetMissing() {
        List.copyOf(known).stream().filter(Files::notExists).forEach(this::forget);
    }

    private void forget(Path directory) {
        known.remove(directory);
        packs.entrySet().removeIf(entry -> {
            Pack pack = entry.getValue();
            pack.directories().remove(directory);
            boolean gone = pack.directories().isEmpty();
            if (gone) {
                pack.hashes().forEach(hash -> pages.computeIfPresent(hash, (_, there) -> without(there, entry.getKey())));
                distrusted.remove(entry.getKey());
            }
            return gone;
        });
    }

    private static @Nullable List<PackPage> without(List<PackPage> places, String pack) {
        List<PackPage> others = places.stream().filter(page -> !page.pack().equals(pack)).toList();
        return others.isEmpty() ? null : others;
    }

    /** Returns the places of contents of this hash in packs that are not known to be damaged, the newest first. */
    synchronized List<PackPage> find(PageHash hash) {
        return pages.getOrDefault(hash, List.of()).stream().filter(page -> !distrusted.contains(page.pack())).toList();
    }

    /** Gives a pack a name in another directory, and returns false if it is on this host no more, or is damaged. */
    synchronized boolean link(String name, Path directory) throws IOException {
        Pack pack = packs.get(name);
        if (pack == null || distrusted.contains(name)) {
            return false;
        }
        for (Path from : List.copyOf(pack.directories())) {
            try {
                Files.createLink(directory.resolve(name), from.resolve(name));
                return true;
            } catch (NoSuchFileException e) {
                forget(from);
            } catch (FileAlreadyExistsException e) {
                return true;
            }
        }
        return false;
    }
}
