package dev.spillway.service;

import java.io.Serial;

/** A server that was found cannot be used, or none was found. The message says why in words for people, without the server's name. */
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
