package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The content of a tree: for each path its kind, mode, time, and content or target. Two trees are copies of each other if these are equal. */
final class TreePicture {
    private TreePicture() {}

    static SortedMap<String, String> of(Path root) throws IOException {
        SortedMap<String, String> picture = new TreeMap<>();
        List<Path> files;
        try (Stream<Path> walk = Files.walk(root)) {
            files = walk.toList();
        }
        for (Path file : files) {
            PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            picture.put(root.relativize(file).toString(), describe(file, attributes));
        }
        return picture;
    }

    private static String describe(Path file, PosixFileAttributes attributes) throws IOException {
        if (attributes.isSymbolicLink()) {
            return "link to " + Files.readSymbolicLink(file);
        }
        String common = PosixFilePermissions.toString(attributes.permissions()) + " " + attributes.lastModifiedTime().toInstant();
        return attributes.isDirectory() ? "directory " + common : "file " + common + " " + attributes.size() + " " + digest(file);
    }

    private static String digest(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
