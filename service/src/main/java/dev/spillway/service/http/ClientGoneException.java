package dev.spillway.service.http;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The client closed its connection, or stands still for too long: nobody is left to be answered. */
final class ClientGoneException extends IOException {
    ClientGoneException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
