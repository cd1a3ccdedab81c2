package dev.spillway.service;

import java.io.Serial;

/** A server that a service needs did not answer in the time it was given. The message names the server, where it was looked for and the last error. */
public final class NotReachableException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    public NotReachableException(String message, Throwable lastError) {
        super(message, lastError);
    }
}
