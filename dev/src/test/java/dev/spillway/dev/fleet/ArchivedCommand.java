package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * Prepares the {@code spillway} command for many starts. Class directories are packed into jars, because class data sharing works only with these,
 * and the classes of a fleet are archived. A process then takes about half the processor time until it is ready. The first test JVM that needs it
 * prepares it once per build, while the others wait.
 */
final class ArchivedCommand {
    private static final Path FOLDER = Path.of("target", "archived-command").toAbsolutePath();
    private static final Path MADE_OF = FOLDER.resolve("made-of");
    private static final Path LOADED = FOLDER.resolve("fleet.jsa");

    private ArchivedCommand() {}

    /** The test's class path without the tests, in archives alone. */
    static List<Path> classPath() throws IOException {
        List<Path> archives = new ArrayList<>();
        for (Path part : built()) {
            archives.add(Files.isDirectory(part) ? FOLDER.resolve("part-" + archives.size() + ".jar") : part);
        }
        make(archives);
        return archives;
    }

    /** JVM options to use the archive of a fleet's classes, if possible. */
    static List<String> options() {
        return List.of("-XX:SharedArchiveFile=" + LOADED, "-Xlog:disable");
    }

    private static synchronized void make(List<Path> archives) throws IOException {
        Files.createDirectories(FOLDER);
        String wanted = fingerprint();
        try (FileChannel gate = FileChannel.open(FOLDER.resolve("gate"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock _ = gate.lock()) {
            if (Files.exists(MADE_OF) && Files.readString(MADE_OF).equals(wanted)) {
                return;
            }
            Files.deleteIfExists(LOADED);
            List<Path> parts = built();
            for (int part = 0; part < parts.size(); part++) {
                if (Files.isDirectory(parts.get(part))) {
                    pack(parts.get(part), archives.get(part));
                }
            }
            rehearse(archives);
            Files.writeString(MADE_OF, wanted);
        }
    }

    /** Starts and stops a fleet, and archives the classes that it has loaded. */
    private static void rehearse(List<Path> archives) throws IOException {
        Path output = FOLDER.resolve("rehearsal.log");
        Files.deleteIfExists(output);
        try (SpillwayProcess fleet = SpillwayProcess.start(
                output,
                archives,
                List.of("-XX:ArchiveClassesAtExit=" + LOADED, "-Xlog:disable"),
                List.of("dev", "--hosts", "1", "--port", String.valueOf(Ports.freeForDev(1))),
                Map.of())) {
            fleet.awaitReady(1, Eventually.HANG);
            int exitCode = fleet.stop(Eventually.HANG);
            if (exitCode != 0) {
                throw new IllegalStateException("exit code: " + exitCode + " (expected: 0): " + fleet.text());
            }
        } catch (InterruptedException e) {
            throw new IOException("interrupted while waiting for a fleet to stop", e);
        }
    }

    private static List<Path> built() {
        return RealTrees.classPath().filter(path -> !path.endsWith("test-classes")).toList();
    }

    private static String fingerprint() throws IOException {
        StringBuilder all = new StringBuilder(Runtime.version().toString()).append('\n');
        for (Path part : built()) {
            try (Stream<Path> files = Files.walk(part)) {
                for (Path file : new TreeSet<>(files.filter(Files::isRegularFile).toList())) {
                    all.append(file).append(' ').append(Files.size(file)).append(' ').append(Files.getLastModifiedTime(file)).append('\n');
                }
            }
        }
        return all.toString();
    }

    private static void pack(Path directory, Path jar) throws IOException {
        try (JarOutputStream packed = new JarOutputStream(Files.newOutputStream(jar)); Stream<Path> files = Files.walk(directory)) {
            // Directories too: migrations are found by listing theirs.
            for (Path file : files.filter(file -> !file.equals(directory)).sorted().toList()) {
                packed.putNextEntry(new JarEntry(directory.relativize(file) + (Files.isDirectory(file) ? "/" : "")));
                if (Files.isRegularFile(file)) {
                    Files.copy(file, packed);
                }
                packed.closeEntry();
            }
        }
    }
}
