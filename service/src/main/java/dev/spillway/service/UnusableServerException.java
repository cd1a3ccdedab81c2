package dev.spillway.service;

import java.io.Serial;

/** Thrown when a server was found but cannot be used, or was not found. The message has the reason in plain words, without the server's name. */
public final class UnusableServerException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    public UnusableServerException(String why, Throwable cause) {
        super(why, cause);
    }

    public UnusableServerException(String why) {
        super(why);
    }
}
