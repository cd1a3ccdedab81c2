package dev.spillway.embedded;

import org.jspecify.annotations.Nullable;

/**
 * An embedded server could not be started or stopped. The message names what was attempted, with which value, and
 * what the server said.
 */
public sealed class EmbeddedServerException extends RuntimeException permits DirectoryInUseException, PortInUseException {
    EmbeddedServerException(String message) {
        super(message);
    }

    EmbeddedServerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
