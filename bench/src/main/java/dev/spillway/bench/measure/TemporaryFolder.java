package dev.spillway.bench.measure;

import dev.spillway.bench.BenchmarkFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A temporary folder that is deleted at the end. */
public record TemporaryFolder(Path path) implements AutoCloseable {
    /** @param prefix of its name */
    public static TemporaryFolder create(String prefix) throws IOException {
        return new TemporaryFolder(Files.createTempDirectory(prefix).toRealPath());
    }

    @Override
    public void close() {
        delete(path);
    }

    /** Deletes a directory and all in it. */
    public static void delete(Path directory) {
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
