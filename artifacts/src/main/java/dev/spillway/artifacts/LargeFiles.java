package dev.spillway.artifacts;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The files of a store that hold one artifact each. A number is used once, so the content of the file with that number never changes. If a file
 * cannot be deleted, the next start tries again. Thread-safe.
 */
final class LargeFiles {
    private static final Pattern NAME = Pattern.compile("([0-9a-f]{16})\\.artifact");

    private final Path directory;
    private final AtomicLong next = new AtomicLong();
    /** Files of artifacts that are removed. */
    private final Queue<LargeFile> removed = new ConcurrentLinkedQueue<>();
    /** Files of artifacts that were put anew. */
    private final Queue<LargeFile> replaced = new ConcurrentLinkedQueue<>();
    private final AtomicLong replacedBytes = new AtomicLong();

    LargeFiles(Path directory) {
        this.directory = directory;
    }

    Path path(long number) {
        return directory.resolve("%016x.artifact".formatted(number));
    }

    ArtifactUpload create() throws IOException {
        long number = next.getAndIncrement();
        return new ArtifactUpload(this, number, FileChannel.open(path(number), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    /** Returns whether a file exists with the right length. Its content is not read. */
    boolean isThere(LargeFile file) throws IOException {
        Path path = path(file.number());
        return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) && Files.size(path) == file.size();
    }

    /** Returns whether anything exists under the name of a file. */
    boolean exists(LargeFile file) {
        return Files.exists(path(file.number()), LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * @return null if its name leads to something that is no regular file
     * @throws java.nio.file.NoSuchFileException if it is missing
     */
    @Nullable
    ArtifactFile open(LargeFile file) throws IOException {
        // Checked before the open, because opening a pipe without a writer would block.
        return exists(file) && !Files.isRegularFile(path(file.number()), LinkOption.NOFOLLOW_LINKS) ? null
                : new ArtifactFile(
                        FileChannel.open(path(file.number()), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS),
                        0,
                        file.size());
    }

    /** Returns whether an opened file has the content that was written. */
    boolean isIntact(LargeFile file, ArtifactFile opened) throws IOException {
        CRC32C crc = new CRC32C();
        return isThere(file) && FileChecksums.add(crc, opened.channel(), 0, file.size()) && (int) crc.getValue() == file.sum();
    }

    /** Queues the file of a removed artifact. It may be deleted before the removal is synced: after a crash, the artifact is just missing. */
    void removed(@Nullable LargeFile file) {
        if (file != null) {
            removed.add(file);
        }
    }

    /** Queues the file of a replaced artifact. It is kept until the newer artifact is synced. */
    void replaced(@Nullable LargeFile file) {
        if (file != null) {
            replaced.add(file);
            replacedBytes.addAndGet(file.size());
        }
    }

    /** Returns the bytes of files that wait for a sync. */
    long replacedBytes() {
        return replacedBytes.get();
    }

    /** Takes the files of replaced artifacts, to give them to {@link #delete} once all records so far are synced. */
    List<LargeFile> takeReplaced() {
        List<LargeFile> taken = new ArrayList<>();
        for (LargeFile file = replaced.poll(); file != null; file = replaced.poll()) {
            taken.add(file);
            replacedBytes.addAndGet(-file.size());
        }
        return taken;
    }

    /** Deletes the files of removed artifacts. Call it without locks, because the deletion of a large file takes long. */
    void deleteRemoved() {
        for (LargeFile file = removed.poll(); file != null; file = removed.poll()) {
            delete(List.of(file));
        }
    }

    void delete(List<LargeFile> needless) {
        for (LargeFile file : needless) {
            try {
                Files.deleteIfExists(path(file.number()));
            } catch (IOException e) {
                // The next start deletes the file.
            }
        }
    }

    /**
     * Returns the files that no artifact needs.
     *
     * @param named numbers in records, which no later file gets
     * @param needed places of all artifacts that have files
     */
    List<Path> others(Set<Long> named, List<DiskIndex.Place> needed) throws IOException {
        Set<Path> keep = new HashSet<>();
        for (DiskIndex.Place place : needed) {
            if (place.file() != null) {
                keep.add(path(place.file().number()));
            }
        }
        named.forEach(number -> next.accumulateAndGet(number + 1, Math::max));
        List<Path> others = new ArrayList<>();
        try (var paths = Files.newDirectoryStream(directory)) {
            for (Path path : paths) {
                Matcher name = NAME.matcher(path.getFileName().toString());
                if (name.matches()) {
                    next.accumulateAndGet(Long.parseUnsignedLong(name.group(1), 16) + 1, Math::max);
                    if (!keep.contains(path)) {
                        others.add(path);
                    }
                }
            }
        }
        return others;
    }
}
