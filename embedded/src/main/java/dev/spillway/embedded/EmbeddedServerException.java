package dev.spillway.embedded;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when an embedded server cannot be started or stopped. The message names the attempt, its values, and the
 * server's own message.
 */
public sealed class EmbeddedServerException extends RuntimeException permits DirectoryInUseException, PortInUseException {
    EmbeddedServerException(String message) {
        super(message);
    }

    EmbeddedServerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
