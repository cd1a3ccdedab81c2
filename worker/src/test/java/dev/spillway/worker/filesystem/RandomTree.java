package dev.spillway.worker.filesystem;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Makes a tree of everything that an image may hold, from a seed. */
public final class RandomTree {
    private final RandomGenerator random;
    private final boolean root;
    private final List<Path> directories = new ArrayList<>();
    private final List<Path> files = new ArrayList<>();

    private RandomTree(RandomGenerator random, boolean root) {
        this.random = random;
        this.root = root;
    }

    /**
     * @param entries about as many names as the tree gets
     */
    public static void make(Path at, RandomGenerator random, int entries, boolean root) throws IOException {
        RandomTree tree = new RandomTree(random, root);
        tree.directories.add(Files.createDirectory(at));
        for (int i = 0; i < entries; i++) {
            tree.add(i);
        }
        for (Path directory : tree.directories.reversed()) {
            tree.dress(directory, 0700);
        }
    }

    private void add(int i) throws IOException {
        Path parent = directories.get(random.nextInt(directories.size()));
        Path path = parent.resolve(name(i));
        switch (random.nextInt(10)) {
            case 0, 1 -> directories.add(Files.createDirectory(path));
            case 2 -> Files.createSymbolicLink(path, Path.of(random.nextBoolean() ? "../../../../etc/passwd" : "absent " + i));
            case 3 -> {
                if (!files.isEmpty()) {
                    Files.createLink(path, files.get(random.nextInt(files.size())));
                }
            }
            case 4 -> writeSparse(path);
            default -> write(path);
        }
        if (Files.isSymbolicLink(path)) {
            Files.getFileAttributeView(path, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS).setTimes(time(), null, null);
        }
    }

    private String name(int i) {
        return switch (random.nextInt(6)) {
            case 0 -> "name with spaces " + i;
            case 1 -> "line\nbreak" + i;
            case 2 -> "-rf " + i;
            case 3 -> "x".repeat(200) + i;
            case 4 -> "a:b%c\\d" + i;
            default -> "file" + i;
        };
    }

    private void write(Path path) throws IOException {
        byte[] content = new byte[random.nextInt(4) == 0 ? random.nextInt(300_000) : random.nextInt(5_000)];
        random.nextBytes(content);
        Files.write(path, content);
        dress(path, 0);
        files.add(path);
    }

    private void writeSparse(Path path) throws IOException {
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            for (int i = random.nextInt(4); i > 0; i--) {
                byte[] content = new byte[1 + random.nextInt(10_000)];
                random.nextBytes(content);
                channel.write(ByteBuffer.wrap(content), random.nextLong(4L * 1024 * 1024));
            }
            channel.write(ByteBuffer.wrap(new byte[1]), 4L * 1024 * 1024 + random.nextInt(5_000));
            channel.truncate(channel.size() - random.nextInt(1_000));
        }
        dress(path, 0);
        files.add(path);
    }

    private void dress(Path path, int always) throws IOException {
        if (random.nextInt(4) == 0) {
            byte[] value = new byte[random.nextInt(200)];
            random.nextBytes(value);
            Files.getFileAttributeView(path, UserDefinedFileAttributeView.class).write("spillway.test", ByteBuffer.wrap(value));
        }
        if (root && random.nextInt(4) == 0) {
            Files.setAttribute(path, "unix:uid", 1000 + random.nextInt(10));
            Files.setAttribute(path, "unix:gid", 2000 + random.nextInt(10));
        }
        // as root any mode can be read again, without it the owner must be allowed to
        Files.setAttribute(path, "unix:mode", (random.nextInt(010000) & (root ? 07777 : 0777)) | (root ? 0 : always | 0400));
        Files.setLastModifiedTime(path, time());
    }

    private FileTime time() {
        return FileTime.from(Instant.ofEpochSecond(random.nextLong(-1_000_000_000L, 4_000_000_000L), random.nextInt(1_000_000_000)));
    }
}
