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
 * The packs of all snapshots on a host, by the contents in them. A snapshot that shares a content with another one gets a hard link to its pack. So
 * the bytes are on the disk once, and the file system frees them with the last snapshot that links them; nothing counts references. Thread-safe.
 */
public final class Packs {
    private final Map<String, Pack> packs = new HashMap<>();
    /** The places of a content in all packs that have it, the newest first. So a content that was copied out of a pack is found in its copy. */
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

    /** Notes that a directory has no packs to share, so that it is not read again. */
    public synchronized void passOver(Path directory) {
        known.add(directory);
    }

    /** Excludes the packs of a damaged snapshot from all later captures. */
    public synchronized void distrust(Snapshot snapshot) {
        add(snapshot);
        distrust(snapshot.manifest().contents().stream().map(PackPage::pack).collect(Collectors.toSet()));
    }

    synchronized void distrust(Set<String> names) {
        names.stream().filter(packs::containsKey).forEach(distrusted::add);
    }

    /** Returns whether a directory was added or passed over before. */
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

    /** Returns the places of contents with this hash in packs that are not known to be damaged, the newest first. */
    synchronized List<PackPage> find(PageHash hash) {
        return pages.getOrDefault(hash, List.of()).stream().filter(page -> !distrusted.contains(page.pack())).toList();
    }

    /** Links a pack into another directory. Returns false if the pack is no longer on this host, or is damaged. */
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
