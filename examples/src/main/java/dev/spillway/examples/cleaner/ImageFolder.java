package dev.spillway.examples.cleaner;

import dev.spillway.events.SnapshotId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Images under the SHA-256 of their snapshot ids: {@code images/} holds them, {@code leaving/} those that are being asked about,
 * {@code gone/} those that are being unlinked, {@code unread/} broken records. For one thread of one process.
 */
final class ImageFolder implements AutoCloseable {
    private final NamedSnapshots named;
    private final FileChannel lockFile;
    private final Path images;
    private final Path leaving;
    private final Path gone;
    private final Path unread;

    /** Opens the folder, and finishes deletions that an earlier process left unfinished. */
    ImageFolder(Path root, NamedSnapshots named) throws IOException, InterruptedException {
        this.named = named;
        images = Files.createDirectories(root.resolve("images"));
        leaving = Files.createDirectories(root.resolve("leaving"));
        gone = Files.createDirectories(root.resolve("gone"));
        unread = Files.createDirectories(root.resolve("unread"));
        lockFile = FileChannel.open(root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        @Nullable
        FileLock lock = lockFile.tryLock();
        if (lock == null) {
            throw new IOException("folder: " + root + " (expected: one that no other cleaner works on)");
        }
        settleNames(list(leaving).stream().map(image -> image.getFileName().toString()).collect(Collectors.toSet()));
    }

    /** Returns the file name of an image. It is a hash, because a snapshot id is opaque, up to 512 bytes, and may not be a valid name. */
    static String fileName(SnapshotId snapshot) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(snapshot.value().getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 (expected: in every Java)", e);
        }
    }

    /** Deletes the images that no entry names any more. On return they are gone for good. */
    void settle(Set<SnapshotId> evicted) throws IOException, InterruptedException {
        settleNames(evicted.stream().map(ImageFolder::fileName).collect(Collectors.toSet()));
    }

    private void settleNames(Set<String> evicted) throws IOException, InterruptedException {
        unlinkGone();
        Set<String> candidates = new HashSet<>(evicted);
        candidates.removeIf(name -> !exists(images.resolve(name)) && !exists(leaving.resolve(name)));
        if (candidates.isEmpty()) {
            return;
        }
        Set<String> inUse = namesInUse();
        for (String name : candidates) {
            if (!inUse.contains(name) && exists(images.resolve(name))) {
                move(images.resolve(name), leaving.resolve(name));
            }
        }
        sync();
        // Asks the registry again after the image is out of reach. A client that puts an entry with this image later finds it missing.
        Set<String> inUseNow = namesInUse();
        for (String name : candidates) {
            if (exists(leaving.resolve(name))) {
                move(leaving.resolve(name), (inUseNow.contains(name) ? images : gone).resolve(name));
            }
        }
        sync();
        unlinkGone();
    }

    /** Keeps an unreadable record, whole, for a person or a later version. */
    void setAside(ConsumerRecord<byte[], byte[]> read, Exception why) throws IOException {
        Path aside = unread.resolve(read.partition() + "-" + read.offset());
        byte[] value = read.value();
        String text =
                why.getMessage() + "\n" + read.headers() + "\n" + (value == null ? "no value" : HexFormat.of().formatHex(value)) + "\n";
        try (FileChannel file = FileChannel.open(
                aside,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            file.force(true);
        }
        sync();
        System.err.println("cleaner: not read, kept as " + aside + ": " + why.getMessage());
    }

    private Set<String> namesInUse() throws IOException, InterruptedException {
        return named.ask().stream().map(ImageFolder::fileName).collect(Collectors.toSet());
    }

    /** Renames an image. If the target exists, it is the same image, because a snapshot never changes; then the one to be moved is deleted. */
    private void move(Path image, Path to) throws IOException {
        if (!exists(to)) {
            try {
                Files.move(image, to, StandardCopyOption.ATOMIC_MOVE);
                return;
            } catch (FileSystemException e) {
                if (!exists(to)) {
                    throw e;
                }
            }
        }
        unlinkGone();
        Files.move(image, gone.resolve(image.getFileName()), StandardCopyOption.ATOMIC_MOVE);
    }

    private void unlinkGone() throws IOException {
        for (Path image : list(gone)) {
            // Deepest first; a symbolic link is deleted, never followed.
            try (Stream<Path> tree = Files.walk(image)) {
                for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private void sync() throws IOException {
        for (Path directory : List.of(images, leaving, gone, unread)) {
            try (FileChannel opened = FileChannel.open(directory, StandardOpenOption.READ)) {
                opened.force(true);
            }
        }
    }

    private static boolean exists(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> listed = Files.list(directory)) {
            return listed.toList();
        }
    }

    @Override
    public void close() throws IOException {
        lockFile.close();
    }
}
