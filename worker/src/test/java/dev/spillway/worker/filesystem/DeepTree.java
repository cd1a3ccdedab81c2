package dev.spillway.worker.filesystem;

import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.OpenRegularFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A chain of directories, deeper than any path that the kernel takes, with a file of two names at its end. */
public final class DeepTree {
    private static final FileName LEVEL = FileName.of("d");
    private static final FileName FILE = FileName.of("file");
    private static final FileName FURTHER_NAME = FileName.of("file with a further name");

    private DeepTree() {}

    public static void make(Path root, int depth) throws IOException {
        OpenDirectory at = OpenDirectory.open(root);
        for (int i = 0; i < depth; i++) {
            at.createDirectory(LEVEL, 0755);
            at = down(at);
        }
        byte[] content = "content at the bottom".getBytes(StandardCharsets.UTF_8);
        try (OpenDirectory bottom = at; OpenRegularFile file = bottom.createFile(FILE, 0644)) {
            file.write(content, 0, content.length, 0);
            bottom.createLink(FURTHER_NAME, bottom, FILE.toBytes());
        }
    }

    private static OpenDirectory down(OpenDirectory above) throws IOException {
        try (above) {
            return above.openDirectory(LEVEL);
        }
    }

    /** The depth and what the file of both names at the end has in it. */
    public static String bottom(Path root) throws IOException {
        OpenDirectory at = OpenDirectory.open(root);
        int depth = 0;
        while (at.find(LEVEL).isPresent()) {
            at = down(at);
            depth++;
        }
        try (OpenDirectory bottom = at; OpenRegularFile file = bottom.openFile(FURTHER_NAME)) {
            byte[] content = new byte[100];
            int length = file.read(content, 0, content.length, 0);
            return "%d levels, %d names: %s".formatted(
                    depth,
                    file.status().links(),
                    new String(content, 0, length, StandardCharsets.UTF_8));
        }
    }
}
