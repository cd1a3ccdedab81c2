package dev.spillway.artifacts;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The files of a store that hold one artifact each. A number is used once, so what a file with it contains never changes. Thread-safe. */
final class LargeFiles {
    private static final Pattern NAME = Pattern.compile("([0-9a-f]{16})\\.artifact");

    private final Path directory;
    private final AtomicLong next = new AtomicLong();

    LargeFiles(Path directory) {
        this.directory = directory;
    }

    Path path(long number) {
        return directory.resolve("%016x.artifact".formatted(number));
    }

    ArtifactUpload create() throws IOException {
        long number = next.getAndIncrement();
        return new ArtifactUpload(this, number,
                FileChannel.open(path(number), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    /** Returns whether a file is there with its length; its content is not read. */
    boolean isThere(LargeFile file) throws IOException {
        Path path = path(file.number());
        return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) && Files.size(path) == file.size();
    }

    /** Returns whether there is anything in the place of a file. */
    boolean exists(LargeFile file) {
        return Files.exists(path(file.number()), LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * @return null if something else is in its place
     * @throws java.nio.file.NoSuchFileException if it is gone
     */
    @Nullable
    ArtifactFile open(LargeFile file) throws IOException {
        try {
            return new ArtifactFile(FileChannel.open(path(file.number()), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS), 0, file.size());
        } catch (IOException e) {
            if (exists(file) && !Files.isRegularFile(path(file.number()), LinkOption.NOFOLLOW_LINKS)) {
                return null;
            }
            throw e;
        }
    }

    /** Returns whether what was opened is what was written. */
    boolean isIntact(LargeFile file, ArtifactFile opened) throws IOException {
        CRC32C crc = new CRC32C();
        return isThere(file) && FileChecksums.add(crc, opened.channel(), 0, file.size()) && (int) crc.getValue() == file.sum();
    }

    void delete(LargeFile file) throws IOException {
        Files.deleteIfExists(path(file.number()));
    }

    /** Returns the files that are there and not among these, and gives their numbers to no other. */
    List<Path> others(Set<Long> known) throws IOException {
        List<Path> others = new ArrayList<>();
        try (var paths = Files.newDirectoryStream(directory)) {
            for (Path path : paths) {
                Matcher name = NAME.matcher(path.getFileName().toString());
                if (name.matches()) {
                    long number = Long.parseUnsignedLong(name.group(1), 16);
                    next.accumulateAndGet(number + 1, Math::max);
                    if (!known.contains(number)) {
                        others.add(path);
                    }
                }
            }
        }
        known.forEach(number -> next.accumulateAndGet(number + 1, Math::max));
        return others;
    }
}
