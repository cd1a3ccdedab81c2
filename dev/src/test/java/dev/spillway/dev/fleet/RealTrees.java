package dev.spillway.dev.fleet;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Objects;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/** Directory trees as machines have them: parts of /usr, of the local Maven repository, an unpacked jar. */
final class RealTrees {
    private static final long BYTES_MAX = 2 << 20;
    private static final int FILES_MAX = 300;
    private static final int FROM_USR = 14;
    private static final int FROM_REPOSITORY = 6;

    private RealTrees() {}

    /** Trees of at most some MB each, found on this machine. */
    static List<Path> find(Path scratch) throws IOException {
        List<Path> trees = new ArrayList<>();
        for (String parent : List.of("/usr/share", "/usr/lib", "/usr/include", "/usr/share/doc")) {
            Path directory = Path.of(parent);
            if (trees.size() < FROM_USR && Files.isDirectory(directory)) {
                take(directory, FROM_USR - trees.size(), trees);
            }
        }
        int usr = trees.size();
        List<Path> jars = classPath().filter(path -> path.toString().endsWith(".jar")).toList();
        for (Path jar : jars) {
            Path version = Objects.requireNonNull(jar.getParent());
            if (trees.size() < usr + FROM_REPOSITORY && !trees.contains(version) && fits(version)) {
                trees.add(version);
            }
        }
        for (Path jar : jars) {
            if (Files.size(jar) < BYTES_MAX / 4 && Files.size(jar) > 50_000) {
                trees.add(unpack(jar, scratch.resolve("unpacked")));
                break;
            }
        }
        if (trees.size() < 5) {
            throw new IllegalStateException("trees: " + trees + " (expected: at least 5 on any machine that builds this)");
        }
        return trees;
    }

    /** The test's class path; the launcher of tests puts its own in front of it. */
    static Stream<Path> classPath() {
        String whole = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Stream.of(whole.split(File.pathSeparator, -1)).map(Path::of);
    }

    private static void take(Path parent, int most, List<Path> trees) throws IOException {
        List<Path> children;
        try (Stream<Path> listed = Files.list(parent)) {
            children = listed.filter(child -> Files.isDirectory(child) && !Files.isSymbolicLink(child)).sorted().toList();
        }
        children.stream().filter(RealTrees::fits).limit(most).forEach(trees::add);
    }

    private static boolean fits(Path tree) {
        long[] found = new long[2];
        try {
            Files.walkFileTree(tree, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    found[0]++;
                    found[1] += attributes.size();
                    boolean plain = !attributes.isOther() && (attributes.isSymbolicLink() || Files.isReadable(file));
                    if (!plain || found[0] > FILES_MAX || found[1] > BYTES_MAX) {
                        found[0] = Long.MAX_VALUE;
                        return FileVisitResult.TERMINATE;
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    found[0] = Long.MAX_VALUE;
                    return FileVisitResult.TERMINATE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found[0] > 0 && found[0] <= FILES_MAX && found[1] > 0;
    }

    private static Path unpack(Path jar, Path into) throws IOException {
        try (JarFile content = new JarFile(jar.toFile())) {
            Enumeration<JarEntry> entries = content.entries();
            while (entries.hasMoreElements()) {
                JarEntry entry = entries.nextElement();
                Path file = into.resolve(entry.getName()).normalize();
                if (!file.startsWith(into)) {
                    throw new IOException(jar + ": " + entry.getName() + " (expected: a path inside)");
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(file);
                } else {
                    Files.createDirectories(Objects.requireNonNull(file.getParent()));
                    try (InputStream bytes = content.getInputStream(entry)) {
                        Files.copy(bytes, file);
                    }
                }
            }
        }
        return into;
    }
}
