package dev.spillway.service;

import java.io.Serial;

/**
 * A server that a service needs could not be used in the time it was given. The message names the server, where it was looked for, why it could
 * not be used when it was last tried, and how long that was tried.
 */
public final class NotReachableException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    private final String why;

    /**
     * @param server what was tried and where
     * @param why    what went wrong at last, in words for people
     * @param effort what was done before it was given up, such as {@code 3 attempts in 10 s}
     */
    public NotReachableException(String server, String why, String effort, Throwable lastError) {
        super("%s: %s, given up after %s".formatted(server, why, effort), lastError);
        this.why = why;
    }

    /** What went wrong at last, in words for people. */
    public String why() {
        return why;
    }
}
