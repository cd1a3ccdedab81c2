package dev.spillway.embedded;

import java.nio.file.Path;

/** The directory already belongs to a running server, of this process or of another one. Nothing in it was touched. */
public final class DirectoryInUseException extends EmbeddedServerException {
    private final Path directory;

    DirectoryInUseException(String server, Path directory) {
        super(server + " directory: " + directory + " is in use by another " + server
                + " (expected: a directory of its own, or that one stopped)");
        this.directory = directory;
    }

    public Path directory() {
        return directory;
    }
}
