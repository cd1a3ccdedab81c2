package dev.spillway.embedded;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * As whom PostgreSQL runs. It refuses to run as root, so a root process steps down for it: preferably into a user
 * namespace of its own, where it is nobody and yet reaches whatever root's files allow their owner; where namespaces
 * are forbidden (as in most containers), as an unprivileged user, who then owns the data.
 */
sealed interface RunAs {
    /** The user {@code nobody} of every system that has one. */
    long NOBODY = 65534;

    record Caller() implements RunAs {
        @Override
        public List<String> prefix() {
            return List.of();
        }
    }

    record UserNamespace() implements RunAs {
        @Override
        public List<String> prefix() {
            return List.of("unshare", "--user");
        }
    }

    record OtherUser(long uid, long gid) implements RunAs {
        @Override
        public List<String> prefix() {
            return List.of("setpriv", "--reuid", Long.toString(uid), "--regid", Long.toString(gid), "--clear-groups");
        }
    }

    /** What to put in front of a command; the command keeps the process id. */
    List<String> prefix();

    default List<String> command(List<String> command) {
        List<String> all = new ArrayList<>(prefix());
        all.addAll(command);
        return all;
    }

    /**
     * @param data where the data lies or will lie; data that belong to another user are served as that user
     */
    static RunAs forData(Path data) {
        if (currentUid() != 0) {
            return new Caller();
        }
        if (Files.exists(data) && uidOf(data) != 0) {
            return usable(new OtherUser(uidOf(data), gidOf(data)));
        }
        return works(new UserNamespace()) ? new UserNamespace() : usable(new OtherUser(NOBODY, NOBODY));
    }

    private static RunAs usable(OtherUser user) {
        if (!works(user)) {
            throw new EmbeddedServerException(
                    "PostgreSQL refuses to run as root, and here neither `unshare --user` nor `" + String.join(" ", user.prefix())
                            + "` works (expected: one of them, or another user than root)");
        }
        return user;
    }

    private static boolean works(RunAs candidate) {
        try {
            Process probe = new ProcessBuilder(candidate.command(List.of("true"))).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!probe.waitFor(10, TimeUnit.SECONDS)) {
                probe.destroyForcibly();
                return false;
            }
            return probe.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EmbeddedServerException("interrupted while looking for a way to run PostgreSQL as another user than root", e);
        }
    }

    /** Hands a file or a tree over to this user, where that is another one. */
    default void own(Path root) {
        if (!(this instanceof OtherUser user) || !Files.exists(root)) {
            return;
        }
        try {
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
                    return own(directory);
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    return own(file);
                }

                private FileVisitResult own(Path path) throws IOException {
                    Files.setAttribute(path, "unix:uid", (int) user.uid(), LinkOption.NOFOLLOW_LINKS);
                    Files.setAttribute(path, "unix:gid", (int) user.gid(), LinkOption.NOFOLLOW_LINKS);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new EmbeddedServerException("handing " + root + " over to user " + user.uid() + ": " + e, e);
        }
    }

    /** Refuses a place that this user cannot reach, naming the directory that is in the way. */
    default void requireReachable(Path place) {
        if (this instanceof Caller) {
            return;
        }
        long uid = this instanceof OtherUser user ? user.uid() : 0;
        long gid = this instanceof OtherUser user ? user.gid() : 0;
        for (Path directory = place.toAbsolutePath(); directory != null; directory = directory.getParent()) {
            int mode = number(directory, "unix:mode");
            boolean enters = (mode & (uidOf(directory) == uid ? 0100 : gidOf(directory) == gid ? 0010 : 0001)) != 0;
            if (!enters) {
                throw new EmbeddedServerException("directory: " + directory + " with mode " + Integer.toOctalString(mode & 07777)
                        + " cannot be entered by user " + uid
                        + " without root's privileges, as which PostgreSQL runs (expected: a place below directories that it may enter)");
            }
        }
    }

    static long currentUid() {
        return new UnixSystem().getUid();
    }

    static long uidOf(Path path) {
        return Integer.toUnsignedLong(number(path, "unix:uid"));
    }

    private static long gidOf(Path path) {
        return Integer.toUnsignedLong(number(path, "unix:gid"));
    }

    private static int number(Path path, String attribute) {
        try {
            return (Integer) Files.getAttribute(path, attribute, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + attribute + " of " + path, e);
        }
    }
}
