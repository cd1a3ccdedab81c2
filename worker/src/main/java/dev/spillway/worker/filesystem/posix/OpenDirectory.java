package dev.spillway.worker.filesystem.posix;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

/**
 * An open directory. Its entries are named by {@link FileName} alone and never looked up through a symbolic link. An entry that was replaced by a
 * link gives ELOOP or ENOTDIR ({@link PosixException#isReplaced()}).
 */
public final class OpenDirectory extends OpenFile {
    private static final byte[] SELF = {'.'};
    private static final byte[] PARENT = {'.', '.'};
    private static final int DIRECTORY = LinuxCalls.O_RDONLY | LinuxCalls.O_DIRECTORY | LinuxCalls.O_NOFOLLOW;
    private static final int ON_THE_WAY = LinuxCalls.O_PATH | LinuxCalls.O_DIRECTORY | LinuxCalls.O_NOFOLLOW;
    private static final int OWNER_ALL = 0700;
    private static final int ENTRY_LENGTH = 16;
    private static final int ENTRY_TYPE = 18;
    private static final int ENTRY_NAME = 19;

    OpenDirectory(int number) {
        super(number);
    }

    /**
     * Opens an absolute path, name by name from the root, following no symbolic link anywhere in it. The directories on the way need not
     * be readable.
     *
     * @throws IOException when the platform lacks a function that this package needs, or when a name cannot be opened; the error has the path up to
     *         it
     */
    public static OpenDirectory open(Path absolute) throws IOException {
        Platform.requireSupported();
        List<FileName> names = names(absolute);
        OpenDirectory directory =
                new OpenDirectory(LinuxCalls.openat(LinuxCalls.AT_FDCWD, new byte[]{'/'}, names.isEmpty() ? DIRECTORY : ON_THE_WAY, 0));
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < names.size(); i++) {
            path.append('/').append(names.get(i));
            try (OpenDirectory parent = directory) {
                directory = new OpenDirectory(
                        LinuxCalls.openat(parent.number(), names.get(i).bytes(), i == names.size() - 1 ? DIRECTORY : ON_THE_WAY, 0));
            } catch (PosixException e) {
                throw e.at(path.toString());
            }
        }
        return directory;
    }

    /** Returns this directory and its current ancestors, up to the root of the file system. */
    public List<FileIdentity> ancestry() throws PosixException {
        List<FileIdentity> ancestry = new ArrayList<>();
        FileIdentity below = status().identity();
        ancestry.add(below);
        OpenDirectory above = onTheWayUp();
        try {
            FileIdentity identity = above.status().identity();
            while (!identity.equals(below)) {
                ancestry.add(identity);
                below = identity;
                try (OpenDirectory left = above) {
                    above = left.onTheWayUp();
                }
                identity = above.status().identity();
            }
        } finally {
            above.close();
        }
        return ancestry;
    }

    private OpenDirectory onTheWayUp() throws PosixException {
        return new OpenDirectory(LinuxCalls.openat(number(), PARENT, ON_THE_WAY, 0));
    }

    /**
     * Returns the names of an absolute path from the root down, byte for byte.
     *
     * @throws IllegalArgumentException when the path is not absolute or has {@code .} or {@code ..} in it
     */
    public static List<FileName> names(Path absolute) {
        if (!absolute.isAbsolute()) {
            throw new IllegalArgumentException("path: %s (expected: an absolute path)".formatted(absolute));
        }
        // The URI is the only way to the bytes of a path in java.nio: its string depends on the locale.
        String raw = absolute.toUri().getRawPath();
        List<FileName> names = new ArrayList<>();
        for (String part : raw.split("/", -1)) {
            if (!part.isEmpty()) {
                names.add(FileName.of(decode(part)));
            }
        }
        return names;
    }

    private static byte[] decode(String part) {
        byte[] bytes = new byte[part.length()];
        int length = 0;
        for (int i = 0; i < part.length(); i++) {
            char c = part.charAt(i);
            if (c == '%') {
                bytes[length++] = (byte) Integer.parseInt(part, i + 1, i + 3, 16);
                i += 2;
            } else {
                bytes[length++] = (byte) c;
            }
        }
        return Arrays.copyOf(bytes, length);
    }

    public OpenDirectory openDirectory(FileName name) throws PosixException {
        return new OpenDirectory(LinuxCalls.openat(number(), name.bytes(), DIRECTORY, 0));
    }

    /** Opens the current parent of this directory, which need not be the one it was opened from. */
    public OpenDirectory openParent() throws PosixException {
        return new OpenDirectory(LinuxCalls.openat(number(), PARENT, DIRECTORY, 0));
    }

    /** Opens an entry for reading. Never blocks, even if the entry has become a pipe. */
    public OpenRegularFile openFile(FileName name) throws PosixException {
        return new OpenRegularFile(
                LinuxCalls.openat(number(), name.bytes(), LinuxCalls.O_RDONLY | LinuxCalls.O_NOFOLLOW | LinuxCalls.O_NONBLOCK, 0));
    }

    /** Opens a file for reading and writing; creates it with the permissions if it is absent. */
    public OpenRegularFile openOrCreateFile(FileName name, int permissions) throws PosixException {
        return new OpenRegularFile(
                LinuxCalls.openat(number(), name.bytes(), LinuxCalls.O_RDWR | LinuxCalls.O_CREAT | LinuxCalls.O_NOFOLLOW, permissions));
    }

    /** Creates a file for writing; fails with EEXIST if there is an entry of that name. */
    public OpenRegularFile createFile(FileName name, int permissions) throws PosixException {
        return new OpenRegularFile(
                LinuxCalls.openat(
                        number(),
                        name.bytes(),
                        LinuxCalls.O_RDWR | LinuxCalls.O_CREAT | LinuxCalls.O_EXCL | LinuxCalls.O_NOFOLLOW,
                        permissions));
    }

    public void createDirectory(FileName name, int permissions) throws PosixException {
        LinuxCalls.mkdirat(number(), name.bytes(), permissions);
    }

    public void createSymbolicLink(FileName name, byte[] target) throws PosixException {
        LinuxCalls.symlinkat(target, number(), name.bytes());
    }

    /** Creates a whiteout of overlayfs, the character device 0/0. The umask of the process limits its permissions. */
    public void createWhiteout(FileName name, int permissions) throws PosixException {
        LinuxCalls.mknodat(number(), name.bytes(), LinuxCalls.S_IFCHR | permissions, 0);
    }

    /** Gives a file a further name here. Its path below {@code base} has names joined by slashes, all but the last of real directories. */
    public void createLink(FileName name, OpenDirectory base, byte[] path) throws PosixException {
        LinuxCalls.linkat(base.number(), path, number(), name.bytes());
    }

    public byte[] readSymbolicLink(FileName name) throws PosixException {
        return LinuxCalls.readlinkat(number(), name.bytes());
    }

    public FileStatus status(FileName name) throws PosixException {
        return LinuxCalls.statx(number(), name.bytes(), 0);
    }

    /** Does the same as {@link #status(FileName)}; empty if there is no such entry. */
    public Optional<FileStatus> find(FileName name) throws PosixException {
        try {
            return Optional.of(status(name));
        } catch (PosixException e) {
            if (e.errno() == Errno.ENOENT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Returns all current entries, sorted by name, without {@code .} and {@code ..}. */
    public List<DirectoryEntry> list() throws PosixException {
        LinuxCalls.lseek(number(), 0, LinuxCalls.SEEK_SET);
        List<DirectoryEntry> entries = new ArrayList<>();
        int length = LinuxCalls.getdents64(number());
        while (length > 0) {
            MemorySegment buffer = Scratch.current().buffer();
            int at = 0;
            while (at < length) {
                addEntry(buffer, at, entries);
                at += Short.toUnsignedInt(buffer.get(JAVA_SHORT, at + ENTRY_LENGTH));
            }
            length = LinuxCalls.getdents64(number());
        }
        entries.sort(Comparator.comparing(DirectoryEntry::name));
        return entries;
    }

    /** Adds the entry of one {@code struct linux_dirent64}: inode, offset, length of the struct, type, name with a NUL. */
    private static void addEntry(MemorySegment buffer, int at, List<DirectoryEntry> entries) {
        int end = at + ENTRY_NAME;
        while (buffer.get(JAVA_BYTE, end) != 0) {
            end++;
        }
        byte[] name = new byte[end - at - ENTRY_NAME];
        MemorySegment.copy(buffer, JAVA_BYTE, at + ENTRY_NAME, name, 0, name.length);
        FileName entry = FileName.fromListing(name);
        if (entry != null) {
            entries.add(new DirectoryEntry(entry, EntryKind.ofType(buffer.get(JAVA_BYTE, at + ENTRY_TYPE))));
        }
    }

    /** Removes an entry that is not a directory. */
    public void removeFile(FileName name) throws PosixException {
        LinuxCalls.unlinkat(number(), name.bytes(), 0);
    }

    /** Removes an empty directory. */
    public void removeDirectory(FileName name) throws PosixException {
        LinuxCalls.unlinkat(number(), name.bytes(), LinuxCalls.AT_REMOVEDIR);
    }

    /** Moves an entry to a new name, atomically for readers; fails with EEXIST if the name is taken. */
    public void renameToNew(FileName name, OpenDirectory target, FileName targetName) throws PosixException {
        try {
            LinuxCalls.renameat2(number(), name.bytes(), target.number(), targetName.bytes(), LinuxCalls.RENAME_NOREPLACE);
        } catch (PosixException e) {
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
            // The file system lacks RENAME_NOREPLACE, as NFS does.
            if (target.find(targetName).isPresent()) {
                throw new PosixException("rename", name + " to " + targetName, Errno.EEXIST);
            }
            LinuxCalls.renameat2(number(), name.bytes(), target.number(), targetName.bytes(), 0);
        }
    }

    /** Moves an entry to a name, in place of any entry with that name, atomically for readers. */
    public void renameOver(FileName name, FileName targetName) throws PosixException {
        LinuxCalls.renameat2(number(), name.bytes(), number(), targetName.bytes(), 0);
    }

    /** Fails if this process may not add and remove entries here now (EACCES, EROFS). */
    public void requireWritable() throws PosixException {
        LinuxCalls.faccessat(number(), SELF, LinuxCalls.WRITE_AND_SEARCH);
    }

    /** Sets the times of an entry, of a symbolic link itself. */
    public void setTimes(FileName name, FileTimes times) throws PosixException {
        LinuxCalls.utimensat(number(), name.bytes(), times);
    }

    /** Sets the owner of an entry, of a symbolic link itself. */
    public void setOwner(FileName name, int owner, int group) throws PosixException {
        LinuxCalls.fchownat(number(), name.bytes(), owner, group, LinuxCalls.AT_SYMLINK_NOFOLLOW);
    }

    /** Gives the owner every right on a directory in this one, also if it cannot be opened now. */
    public void allowOwner(FileName name) throws PosixException {
        int opened = LinuxCalls.openat(number(), name.bytes(), ON_THE_WAY, 0);
        try {
            LinuxCalls.chmod(ascii("/proc/self/fd/" + opened), OWNER_ALL);
        } finally {
            LinuxCalls.close(opened);
        }
    }

    /** Lists the extended attributes of an entry itself, also of a symbolic link, which cannot be opened. */
    public List<String> attributeNames(FileName name) throws PosixException {
        return names(LinuxCalls.llistxattr(throughProc(name)));
    }

    public byte[] attribute(FileName name, String attribute) throws PosixException {
        return LinuxCalls.lgetxattr(throughProc(name), attributeName(attribute));
    }

    public void setAttribute(FileName name, String attribute, byte[] value) throws PosixException {
        LinuxCalls.lsetxattr(throughProc(name), attributeName(attribute), value);
    }

    /**
     * Returns the path of an entry through the link in {@code /proc} to this open directory. {@code lgetxattrat} exists only since Linux 6.13; the
     * link is as safe.
     */
    private byte[] throughProc(FileName name) {
        byte[] directory = ascii("/proc/self/fd/" + number() + "/");
        byte[] path = Arrays.copyOf(directory, directory.length + name.bytes().length);
        System.arraycopy(name.bytes(), 0, path, directory.length, name.bytes().length);
        return path;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
