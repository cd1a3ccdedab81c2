package dev.spillway.worker.filesystem.tree;

import dev.spillway.worker.filesystem.ShownPath;
import java.io.IOException;

/**
 * Thrown when a source directory is missing, is not a directory, or lies outside the allowed roots. The message names the path and what was expected.
 */
public final class SourceNotAllowedException extends IOException {
    private static final long serialVersionUID = 1;

    SourceNotAllowedException(String requested, String why) {
        super("source directory: '%s' %s".formatted(ShownPath.of(requested), why));
    }
}
