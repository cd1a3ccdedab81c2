package dev.spillway.worker.filesystem;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Describes a tree by {@code java.nio} alone, path by path, so that two trees can be compared and differences are readable. The description has kind,
 * mode with its upper bits, owner, times to the nanosecond, length, digest, targets of links, names of one file, and user attributes.
 */
public final class TreePicture {
    private TreePicture() {}

    public static SortedMap<String, String> of(Path root) throws IOException {
        SortedMap<String, String> picture = new TreeMap<>();
        Map<Object, String> firstNames = new HashMap<>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
                picture.put(root.relativize(directory) + "/", "directory" + common(directory));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String name = root.relativize(file).toString();
                picture.put(
                        name,
                        attributes.isSymbolicLink() ? "link to " + Files.readSymbolicLink(file) + common(file)
                                : "file " + attributes.size() + " " + digest(file) + common(file));
                return FileVisitResult.CONTINUE;
            }
        });
        // which names are one file depends on the order of the walk: name the group by its first name in order
        for (String name : picture.keySet()) {
            if (!name.endsWith("/") && (int) Files.getAttribute(root.resolve(name), "unix:nlink", LinkOption.NOFOLLOW_LINKS) > 1) {
                Object identity = Files.getAttribute(root.resolve(name), "unix:ino", LinkOption.NOFOLLOW_LINKS);
                picture.compute(name, (_, seen) -> seen + " same as " + firstNames.computeIfAbsent(identity, _ -> name));
            }
        }
        return picture;
    }

    /** Does the same as {@link #of}, but without owners if this process is not root and so could not keep them. */
    public static SortedMap<String, String> ofTreeOfRoot(Path root) throws IOException {
        SortedMap<String, String> picture = of(root);
        if (!Machine.isRoot()) {
            picture.replaceAll((_, seen) -> seen.replaceFirst(" owner [0-9:]+", ""));
        }
        return picture;
    }

    /** Returns the differences between two pictures, with a line for each side of each difference. */
    public static List<String> differences(SortedMap<String, String> actual, SortedMap<String, String> expected) {
        List<String> differences = new ArrayList<>();
        SortedSet<String> names = new TreeSet<>(actual.keySet());
        names.addAll(expected.keySet());
        for (String name : names) {
            if (!Objects.equals(actual.get(name), expected.get(name))) {
                differences.add("%n%s%n  is       %s%n  expected %s".formatted(name, actual.get(name), expected.get(name)));
            }
        }
        return differences;
    }

    private static String common(Path path) throws IOException {
        Instant modified = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant();
        return " mode %o owner %s:%s modified %d.%09d%s".formatted(
                unix(path, "mode") & 07777,
                unix(path, "uid"),
                unix(path, "gid"),
                modified.getEpochSecond(),
                modified.getNano(),
                attributes(path));
    }

    private static int unix(Path path, String attribute) throws IOException {
        return (int) Files.getAttribute(path, "unix:" + attribute, LinkOption.NOFOLLOW_LINKS);
    }

    private static String attributes(Path path) throws IOException {
        if (Files.isSymbolicLink(path)) {
            return "";
        }
        UserDefinedFileAttributeView view = Files.getFileAttributeView(path, UserDefinedFileAttributeView.class);
        StringBuilder text = new StringBuilder();
        for (String name : new TreeSet<>(view.list())) {
            ByteBuffer value = ByteBuffer.allocate(view.size(name));
            view.read(name, value);
            text.append(" user.").append(name).append('=').append(HexFormat.of().formatHex(value.array()));
        }
        return text.toString();
    }

    private static String digest(Path file) throws IOException {
        try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns the allocated bytes as {@code du} counts them: blocks, each file once. */
    public static long allocatedBytes(Path root) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("du", "-s", "-B1", root.toString()).start();
        try (InputStream out = process.getInputStream()) {
            String text = new String(out.readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return Long.parseLong(text.substring(0, text.indexOf('\t')));
        }
    }
}
