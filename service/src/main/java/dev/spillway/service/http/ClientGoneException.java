package dev.spillway.service.http;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Thrown when the client closed its connection, or made no progress for too long, so that no answer can be sent. */
final class ClientGoneException extends IOException {
    ClientGoneException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
