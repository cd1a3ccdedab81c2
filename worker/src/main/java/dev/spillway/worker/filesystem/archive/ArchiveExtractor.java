package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.filesystem.FreeSpace;
import dev.spillway.worker.filesystem.RefusalReason;
import dev.spillway.worker.filesystem.ShownPath;
import dev.spillway.worker.filesystem.StageFigures;
import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.StoreFullException;
import dev.spillway.worker.filesystem.posix.EntryKind;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.OpenRegularFile;
import dev.spillway.worker.filesystem.posix.Platform;
import dev.spillway.worker.filesystem.posix.PosixException;
import dev.spillway.worker.filesystem.tree.TreeWalk;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks an untrusted tar stream into an empty directory. Nothing is written outside of the directory or through a link in it, and all sizes and
 * numbers are bounded. An entry that no image may have is refused by name. Of several entries with one path, the last one counts. Used once, by one
 * thread.
 */
public final class ArchiveExtractor {
    /** GNU tar's type of a directory in an incremental dump. Its content is the list of the directory's entries. */
    private static final byte DUMPED_DIRECTORY = 'D';
    private static final int PERMISSIONS = 0777;
    private static final int PRIVATE_FILE = 0600;
    private static final int BUFFER_BYTES = OpenRegularFile.MAX_TRANSFER_BYTES;
    /** A run of zeros of this length, where a file system's block may lie, is left out. */
    private static final int HOLE_BYTES = 4096;
    private static final byte[] ZEROS = new byte[HOLE_BYTES];

    private final ArchiveEntries tar;
    private final OpenDirectory root;
    private final ArchiveLimits limits;
    private final ArchiveTrust trust;
    private final FreeSpace space;
    private final boolean privileged;
    private final ArchiveDirectories directories;
    private final ArchiveLosses losses;
    private final FileStatus own;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private String entryName = "";
    private long headers;
    private long names;
    private long bytes;
    private long contentBytes;
    private long files;
    private long symbolicLinks;
    private long links;

    private ArchiveExtractor(
            ArchiveEntries tar,
            OpenDirectory root,
            ArchiveLimits limits,
            ArchiveTrust trust,
            boolean strict,
            FreeSpace space) throws PosixException {
        this.tar = tar;
        this.root = root;
        this.limits = limits;
        this.trust = trust;
        this.space = space;
        this.privileged = Platform.isRoot();
        this.directories = new ArchiveDirectories(root, this::countDirectory);
        this.losses = new ArchiveLosses(strict);
        this.own = root.status();
    }

    /**
     * @param strict whether an archive is refused if the image would lack something of it
     * @throws StagingStopped naming the entry that was refused; the directory then holds a part of the archive
     * @throws StoreFullException when too little would stay free
     * @throws IOException when the stream or the disk failed
     */
    public static StageFigures extract(
            InputStream stream,
            OpenDirectory root,
            ArchiveLimits limits,
            ArchiveTrust trust,
            boolean strict,
            FreeSpace space)
            throws IOException, InterruptedException, StagingStopped {
        ReceivedStream received = new ReceivedStream(stream);
        try (InputStream unpacked = unpacked(received); ArchiveSource source = new ArchiveSource(unpacked)) {
            return extract(received, source, root, limits, trust, strict, space);
        }
    }

    private static StageFigures extract(
            ReceivedStream received,
            ArchiveSource source,
            OpenDirectory root,
            ArchiveLimits limits,
            ArchiveTrust trust,
            boolean strict,
            FreeSpace space)
            throws IOException, InterruptedException, StagingStopped {
        try (ArchiveEntries tar = new ArchiveEntries(source)) {
            ArchiveExtractor extractor = new ArchiveExtractor(tar, root, limits, trust, strict, space);
            try (ArchiveDirectories _ = extractor.directories) {
                return extractor.run(source);
            } catch (PosixException e) {
                throw e.at("archive entry " + ShownPath.of(extractor.entryName));
            } catch (StoreFullException e) {
                throw e;
            } catch (IOException | IllegalArgumentException e) {
                if (received.failure() != null && e instanceof IOException failed) {
                    throw failed;
                }
                throw malformed(
                        extractor.entryName.isEmpty() || source.ended() ? "." : extractor.entryName,
                        ShownPath.of(String.valueOf(e.getMessage())));
            }
        }
    }

    private static StagingStopped malformed(String path, String why) {
        return StagingStopped.refused(
                RefusalReason.MALFORMED,
                path,
                "cannot be read: %s (expected: a tar stream, also packed by zstd or gzip)".formatted(why));
    }

    private static InputStream unpacked(ReceivedStream received) throws IOException {
        BufferedInputStream buffered = new BufferedInputStream(received, BUFFER_BYTES);
        buffered.mark(Packing.MAGIC_BYTES);
        byte[] magic = buffered.readNBytes(Packing.MAGIC_BYTES);
        buffered.reset();
        Optional<Packing> packing = Packing.of(magic);
        return packing.isPresent() ? packing.get().unpacked(buffered) : buffered;
    }

    private StageFigures run(ArchiveSource source) throws IOException, InterruptedException, StagingStopped {
        source.refusePacked();
        TarArchiveEntry entry = next(source);
        if (entry == null) {
            throw new IOException("it has no entry");
        }
        while (entry != null) {
            TreeWalk.checkInterrupt();
            extract(entry);
            entry = next(source);
        }
        if (!source.ended()) {
            throw new IOException("it ends without its end mark");
        }
        source.readToEnd(limits.maxContentBytes());
        directories.finish(losses, space);
        return new StageFigures(StageFigures.Way.EXTRACTED, directories.count(), files, symbolicLinks, links, 0, losses.counts());
    }

    private @Nullable TarArchiveEntry next(ArchiveSource source) throws IOException, StagingStopped {
        source.beginHeader();
        TarArchiveEntry entry = tar.next();
        source.endHeader();
        if (entry != null) {
            entryName = text(tar.path());
            headers++;
            checkEntries(headers);
        }
        return entry;
    }

    private static String text(byte[] name) {
        return new String(name, StandardCharsets.UTF_8);
    }

    private void extract(TarArchiveEntry entry) throws IOException, InterruptedException, StagingStopped {
        space.require();
        List<FileName> path = ArchiveDirectories.parse(tar.path(), entryName, limits.maxPathBytes());
        if (isDirectory(entry)) {
            skipDump(entry);
            directories.go(path);
            directories.describe(metadata(entry));
            return;
        }
        if (path.isEmpty()) {
            throw StagingStopped.refused(
                    RefusalReason.BAD_PATH,
                    entryName,
                    "is the root of the archive, and not a directory (expected: a directory)");
        }
        names++;
        checkEntries(names);
        OpenDirectory parent = directories.go(path.subList(0, path.size() - 1));
        FileName name = path.getLast();
        if (entry.isSymbolicLink() || entry.isLink()) {
            refuseSize(entry, "link");
        }
        if (entry.isSymbolicLink()) {
            extractSymbolicLink(entry, parent, name);
        } else if (entry.isLink()) {
            extractHardLink(parent, name);
        } else if (isRegular(entry)) {
            extractFile(entry, parent, name);
        } else {
            extractWhiteout(entry, parent, name);
        }
    }

    /** Extracts a whiteout of overlayfs, and refuses every other special file. */
    private void extractWhiteout(TarArchiveEntry entry, OpenDirectory parent, FileName name) throws IOException, StagingStopped {
        boolean whiteout =
                entry.isCharacterDevice() && entry.getDevMajor() == 0 && entry.getDevMinor() == 0 && !entryName.endsWith("/");
        if (!whiteout || !privileged) {
            throw StagingStopped.refused(
                    RefusalReason.SPECIAL_FILE,
                    entryName,
                    "is %s (expected: directories, regular files and links; as root whiteouts, too)"
                            .formatted(whiteout ? "a whiteout of overlayfs" : special(entry)));
        }
        refuseSize(entry, "whiteout");
        makeRoom(parent, name);
        ArchiveMetadata metadata = metadata(entry);
        parent.createWhiteout(name, entry.getMode() & PERMISSIONS);
        metadata.applyToLink(parent, name, losses, space);
        files++;
    }

    private static String special(TarArchiveEntry entry) {
        return switch (entry.getLinkFlag()) {
            case TarConstants.LF_CHR -> "the character device %d/%d".formatted(entry.getDevMajor(), entry.getDevMinor());
            case TarConstants.LF_BLK -> "the block device %d/%d".formatted(entry.getDevMajor(), entry.getDevMinor());
            case TarConstants.LF_FIFO -> "a fifo";
            default -> "of type '%c'".formatted((char) entry.getLinkFlag());
        };
    }

    /** Returns whether an entry is a directory. In archives without the type for directories, it is an empty file whose name ends in a slash. */
    private boolean isDirectory(TarArchiveEntry entry) {
        return switch (entry.getLinkFlag()) {
            case TarConstants.LF_DIR, DUMPED_DIRECTORY -> true;
            case TarConstants.LF_OLDNORM, TarConstants.LF_NORMAL -> entryName.endsWith("/") && entry.getSize() == 0;
            default -> false;
        };
    }

    private void refuseSize(TarArchiveEntry entry, String kind) throws StagingStopped {
        if (entry.getSize() != 0) {
            throw StagingStopped.refused(
                    RefusalReason.BAD_LINK,
                    entryName,
                    "is a %s with a size of %d bytes (expected: 0, because programs differ on whether content follows)"
                            .formatted(kind, entry.getSize()));
        }
    }

    private static boolean isRegular(TarArchiveEntry entry) {
        return switch (entry.getLinkFlag()) {
            case 0, '0', '7', 'S' -> true;
            default -> false;
        };
    }

    private ArchiveMetadata metadata(TarArchiveEntry entry) throws StagingStopped {
        return ArchiveMetadata.of(entryName, entry, tar.records(), trust, privileged, own);
    }

    private void extractFile(TarArchiveEntry entry, OpenDirectory parent, FileName name)
            throws IOException, InterruptedException, StagingStopped {
        if (entryName.endsWith("/")) {
            throw StagingStopped.refused(
                    RefusalReason.BAD_PATH,
                    entryName,
                    "ends in a slash, but is a file of %d bytes (expected: the name of a file, or a directory)".formatted(entry.getSize()));
        }
        makeRoom(parent, name);
        try (OpenRegularFile file = parent.createFile(name, PRIVATE_FILE)) {
            writeContent(file);
            bytes += metadata(entry).apply(file, losses, space).allocatedBytes();
            checkBytes(bytes);
        }
        files++;
    }

    /** Skips the list of a directory's entries in an incremental dump. */
    private void skipDump(TarArchiveEntry directory) throws IOException, InterruptedException, StagingStopped {
        if (directory.getLinkFlag() == DUMPED_DIRECTORY) {
            int read = readContent();
            while (read > 0) {
                read = readContent();
            }
        }
    }

    private int readContent() throws IOException, InterruptedException, StagingStopped {
        TreeWalk.checkInterrupt();
        int read = tar.readNBytes(buffer, 0, buffer.length);
        contentBytes += read;
        if (contentBytes > limits.maxContentBytes()) {
            throw StagingStopped.tooLarge(limits.maxContentBytes());
        }
        return read;
    }

    private void writeContent(OpenRegularFile file) throws IOException, InterruptedException, StagingStopped {
        long length = 0;
        long written = 0;
        int read = readContent();
        while (read > 0) {
            int count = read;
            long offset = length;
            written += space.writing(count, () -> writeWithoutZeros(file, count, offset));
            length += read;
            checkBytes(bytes + written);
            read = readContent();
        }
        if (written < length) {
            file.setLength(length);
        }
    }

    /**
     * @return bytes written
     */
    private long writeWithoutZeros(OpenRegularFile file, int count, long offset) throws PosixException {
        long written = 0;
        int at = 0;
        while (at < count) {
            int start = at;
            while (at < count && !isHole(at, count)) {
                at = Math.min(at + HOLE_BYTES, count);
            }
            if (at > start) {
                file.write(buffer, start, at - start, offset + start);
                written += at - start;
            } else {
                at += HOLE_BYTES;
            }
        }
        return written;
    }

    private boolean isHole(int at, int count) {
        return at + HOLE_BYTES <= count && Arrays.equals(buffer, at, at + HOLE_BYTES, ZEROS, 0, HOLE_BYTES);
    }

    private void extractSymbolicLink(TarArchiveEntry entry, OpenDirectory parent, FileName name) throws IOException, StagingStopped {
        byte[] target = tar.link();
        if (target.length == 0 || hasNul(target)) {
            throw StagingStopped.refused(
                    RefusalReason.BAD_LINK,
                    entryName,
                    "is a symbolic link to '%s' (expected: a target that is not empty and has no NUL)"
                            .formatted(ShownPath.of(text(target))));
        }
        if (target.length > limits.maxPathBytes()) {
            throw StagingStopped.refused(
                    RefusalReason.PATH_TOO_LONG,
                    entryName,
                    "is a symbolic link to %d bytes (expected: at most %d)".formatted(target.length, limits.maxPathBytes()));
        }
        makeRoom(parent, name);
        parent.createSymbolicLink(name, target);
        metadata(entry).applyToLink(parent, name, losses, space);
        symbolicLinks++;
    }

    private static boolean hasNul(byte[] target) {
        for (byte b : target) {
            if (b == 0) {
                return true;
            }
        }
        return false;
    }

    private void extractHardLink(OpenDirectory parent, FileName name) throws IOException, StagingStopped {
        String linkName = text(tar.link());
        List<FileName> target = ArchiveDirectories.parse(tar.link(), linkName, limits.maxPathBytes());
        if (target.isEmpty()) {
            throw badLink(linkName);
        }
        OpenDirectory at = root;
        try {
            for (FileName directory : target.subList(0, target.size() - 1)) {
                OpenDirectory above = at;
                at = above.openDirectory(directory);
                closeUnlessRoot(above);
            }
            link(at, target.getLast(), parent, name, linkName);
        } catch (PosixException e) {
            if (e.isReplaced()) {
                throw badLink(linkName);
            }
            throw e;
        } finally {
            closeUnlessRoot(at);
        }
        links++;
    }

    private void link(OpenDirectory from, FileName target, OpenDirectory parent, FileName name, String linkName)
            throws PosixException, StagingStopped {
        Optional<FileStatus> status = from.find(target);
        if (status.isEmpty() || status.get().kind() == EntryKind.DIRECTORY) {
            throw badLink(linkName);
        }
        Optional<FileStatus> there = parent.find(name);
        if (there.isPresent() && there.get().identity().equals(status.get().identity())) {
            return;
        }
        makeRoom(parent, name);
        parent.createLink(name, from, target.toBytes());
    }

    private StagingStopped badLink(String target) {
        return StagingStopped.refused(
                RefusalReason.BAD_LINK,
                entryName,
                "is a hard link to '%s' (expected: a file before it in the archive)".formatted(ShownPath.of(target)));
    }

    private void closeUnlessRoot(OpenDirectory directory) throws PosixException {
        if (directory != root) {
            directory.close();
        }
    }

    private void makeRoom(OpenDirectory parent, FileName name) throws PosixException, StagingStopped {
        Optional<FileStatus> there = parent.find(name);
        if (there.isEmpty()) {
            return;
        }
        if (there.get().kind() == EntryKind.DIRECTORY) {
            throw StagingStopped.refused(
                    RefusalReason.BAD_PATH,
                    entryName,
                    "is a directory before it in the archive (expected: one kind for each path)");
        }
        parent.removeFile(name);
    }

    private void countDirectory() throws StagingStopped {
        names++;
        checkEntries(names);
        bytes += HOLE_BYTES;
        checkBytes(bytes);
    }

    private void checkEntries(long count) throws StagingStopped {
        if (count > limits.maxEntries()) {
            throw StagingStopped.refused(
                    RefusalReason.TOO_MANY_ENTRIES,
                    entryName,
                    "is entry %d (expected: at most %d)".formatted(count, limits.maxEntries()));
        }
    }

    private void checkBytes(long allocated) throws StagingStopped {
        if (allocated > limits.maxBytes()) {
            throw StagingStopped.tooLarge(limits.maxBytes());
        }
    }
}
