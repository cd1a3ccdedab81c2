package dev.spillway.bench.artifacts;

import dev.spillway.bench.BenchmarkFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A temporary folder that is deleted at the end. */
record Folder(Path path) implements AutoCloseable {
    static Folder create() throws IOException {
        return new Folder(Files.createTempDirectory("spillway-artifacts-").toRealPath());
    }

    @Override
    public void close() {
        delete(path);
    }

    /** Deletes a directory and all in it. */
    static void delete(Path directory) {
        try (Stream<Path> tree = Files.walk(directory)) {
            List<Path> deepestFirst = tree.sorted(Comparator.reverseOrder()).toList();
            for (Path path : deepestFirst) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new BenchmarkFailedException("deleting %s: %s".formatted(directory, e), e);
        }
    }
}
