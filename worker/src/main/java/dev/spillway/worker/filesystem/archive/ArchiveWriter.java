package dev.spillway.worker.filesystem.archive;

import dev.spillway.worker.filesystem.StagingStopped;
import dev.spillway.worker.filesystem.TreeChangedException;
import dev.spillway.worker.filesystem.posix.DirectoryEntry;
import dev.spillway.worker.filesystem.posix.EntryKind;
import dev.spillway.worker.filesystem.posix.FileIdentity;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.FileStatus;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.OpenRegularFile;
import dev.spillway.worker.filesystem.posix.Platform;
import dev.spillway.worker.filesystem.tree.Attributes;
import dev.spillway.worker.filesystem.tree.Descent;
import dev.spillway.worker.filesystem.tree.TreeCopier;
import dev.spillway.worker.filesystem.tree.TreeWalk;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * Writes a tree as a tar stream with PAX headers, with equal bytes for equal trees: {@code ./} first, then all entries in the order of their names.
 * Names that are not UTF-8 are written byte for byte, as GNU tar does. Holes are written as zeros.
 */
public final class ArchiveWriter implements TreeWalk.Visitor {
    private static final int BUFFER_BYTES = OpenRegularFile.MAX_TRANSFER_BYTES;
    private static final byte[] CURRENT = {'.'};

    private final TarArchiveOutputStream tar;
    private final boolean root;
    private final Map<FileIdentity, byte[]> firstPaths = new HashMap<>();
    private final byte[] buffer = new byte[BUFFER_BYTES];

    private ArchiveWriter(TarArchiveOutputStream tar, boolean root) {
        this.tar = tar;
        this.root = root;
    }

    @SuppressWarnings("resource")
    public static void write(OpenDirectory tree, OutputStream target) throws IOException, InterruptedException {
        // Not closed, because that would close the caller's stream.
        TarArchiveOutputStream tar = new TarArchiveOutputStream(target, StandardCharsets.ISO_8859_1.name());
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_STAR);
        try {
            TreeWalk.walk(tree, new ArchiveWriter(tar, Platform.isRoot()));
        } catch (StagingStopped e) {
            throw new IOException("archive: " + e.getMessage(), e);
        }
        tar.finish();
        tar.flush();
    }

    @Override
    public void entered(Descent at) throws IOException {
        ExactTarEntry entry = new ExactTarEntry(directory(at.depth() == 0 ? CURRENT : at.path(null)), TarConstants.LF_DIR, at.status());
        entry.hasAttributes(Attributes.namesOf(at.current()), at.current()::attribute, root);
        entry.put(tar);
        tar.closeArchiveEntry();
    }

    @Override
    public void leaving(Descent at) {
        // A directory is written when it is entered.
    }

    @Override
    public void visit(Descent at, DirectoryEntry entry) throws IOException, InterruptedException, StagingStopped {
        switch (entry.kind()) {
            case REGULAR_FILE -> writeFile(at, entry.name());
            case SYMBOLIC_LINK, WHITEOUT -> writeUnopened(at, entry.name());
            case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> throw TreeCopier.special(at, entry.name(), entry.kind());
            case DIRECTORY, UNKNOWN -> throw new TreeChangedException(at.text(entry.name()));
        }
    }

    private void writeFile(Descent at, FileName name) throws IOException, InterruptedException {
        try (OpenRegularFile file = at.current().openFile(name)) {
            FileStatus status = file.status();
            if (status.kind() != EntryKind.REGULAR_FILE) {
                throw new TreeChangedException(at.text(name));
            }
            byte[] path = at.path(name);
            if (writeHardLink(path, status)) {
                return;
            }
            ExactTarEntry entry = new ExactTarEntry(path, TarConstants.LF_NORMAL, status);
            entry.hasContent(status.sizeBytes());
            entry.hasAttributes(Attributes.namesOf(file), file::attribute, root);
            entry.put(tar);
            writeContent(file, status.sizeBytes(), at, name);
            tar.closeArchiveEntry();
        }
    }

    private void writeContent(OpenRegularFile file, long size, Descent place, FileName name) throws IOException, InterruptedException {
        long at = 0;
        while (at < size) {
            TreeWalk.checkInterrupt();
            int read = file.read(buffer, 0, (int) Math.min(BUFFER_BYTES, size - at), at);
            if (read == 0) {
                throw new EOFException(
                        "%s: ended at %d bytes while it was written to an archive (expected: %d bytes)".formatted(
                                place.text(name),
                                at,
                                size));
            }
            tar.write(buffer, 0, read);
            at += read;
        }
    }

    /** Writes an entry that cannot be opened: a symbolic link or a whiteout. */
    private void writeUnopened(Descent at, FileName name) throws IOException {
        FileStatus status = at.current().status(name);
        byte[] path = at.path(name);
        if (writeHardLink(path, status)) {
            return;
        }
        ExactTarEntry entry;
        if (status.kind() == EntryKind.WHITEOUT) {
            entry = new ExactTarEntry(path, TarConstants.LF_CHR, status);
        } else {
            entry = new ExactTarEntry(path, TarConstants.LF_SYMLINK, status);
            entry.linksTo(at.current().readSymbolicLink(name));
        }
        if (root) {
            entry.hasAttributes(Attributes.namesOfLink(at.current(), name), attribute -> at.current().attribute(name, attribute), true);
        }
        entry.put(tar);
        tar.closeArchiveEntry();
    }

    private boolean writeHardLink(byte[] path, FileStatus status) throws IOException {
        if (status.links() <= 1) {
            return false;
        }
        byte[] first = firstPaths.putIfAbsent(status.identity(), path);
        if (first == null) {
            return false;
        }
        ExactTarEntry entry = new ExactTarEntry(path, TarConstants.LF_LINK, status);
        entry.linksTo(first);
        entry.put(tar);
        tar.closeArchiveEntry();
        return true;
    }

    private static byte[] directory(byte[] path) {
        byte[] slashed = Arrays.copyOf(path, path.length + 1);
        slashed[path.length] = '/';
        return slashed;
    }
}
