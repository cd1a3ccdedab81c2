package dev.spillway.worker.filesystem;

import java.io.IOException;

/** Thrown when another process changed a tree while it was walked. */
public final class TreeChangedException extends IOException {
    private static final long serialVersionUID = 1;

    private final String path;

    public TreeChangedException(String path) {
        super(path + ": changed while it was read (expected: a tree that nobody writes to)");
        this.path = path;
    }

    public String path() {
        return path;
    }
}
