package dev.spillway.pager;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The packs of all snapshots on a host, by the contents in them. A snapshot that has a content of another one gets a hard link of its pack, so the bytes
 * are there once, and go with the last snapshot that has them, also when nobody is there to count. Thread-safe.
 */
public final class Packs {
    private final Map<String, Pack> packs = new HashMap<>();
    private final Map<PageHash, PackPage> pages = new HashMap<>();
    private final Set<Path> known = new LinkedHashSet<>();

    private record Pack(Set<Path> directories, Set<PageHash> hashes) {}

    /** Adds the packs of a snapshot. Does nothing if its directory is known. */
    public synchronized void add(Snapshot snapshot) {
        if (!known.add(snapshot.directory())) {
            return;
        }
        for (PackPage page : snapshot.manifest().contents()) {
            Pack pack = packs.computeIfAbsent(page.pack(), _ -> new Pack(new LinkedHashSet<>(), new LinkedHashSet<>()));
            pack.directories().add(snapshot.directory());
            if (pages.putIfAbsent(page.hash(), page) == null) {
                pack.hashes().add(page.hash());
            }
        }
    }

    /** Returns whether the directory of a snapshot is known. */
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
                pack.hashes().forEach(pages::remove);
            }
            return gone;
        });
    }

    synchronized Optional<PackPage> find(PageHash hash) {
        return Optional.ofNullable(pages.get(hash));
    }

    /** Gives a pack a name in another directory, and returns false if it is on this host no more. */
    synchronized boolean link(String name, Path directory) throws IOException {
        Pack pack = packs.get(name);
        if (pack == null) {
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
