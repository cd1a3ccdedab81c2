package dev.spillway.embedded;

import java.nio.file.Path;

/** Thrown when a running server, of this process or of another one, has the directory. Nothing in the directory was changed. */
public final class DirectoryInUseException extends EmbeddedServerException {
    private final Path directory;

    DirectoryInUseException(String server, Path directory) {
        super(
                server + " directory: " + directory + " is in use by another " + server
                        + " (expected: a directory of its own, or that one stopped)");
        this.directory = directory;
    }

    public Path directory() {
        return directory;
    }
}
