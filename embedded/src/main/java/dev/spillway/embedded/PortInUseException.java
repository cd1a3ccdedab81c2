package dev.spillway.embedded;

import org.jspecify.annotations.Nullable;

/** Thrown when the chosen port is taken on 127.0.0.1. Nothing was started. */
public final class PortInUseException extends EmbeddedServerException {
    private final int port;

    PortInUseException(String server, int port, @Nullable Throwable cause) {
        super(server + " port: " + port + " on 127.0.0.1 is in use (expected: a free port, or 0 to have one chosen)", cause);
        this.port = port;
    }

    public int port() {
        return port;
    }
}
