package dev.spillway.service;

import java.io.Serial;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A server that a service needs, or each of several, could not be used in the time it was given. The message names the server, where it was looked for, why it could
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

    private NotReachableException(String message, String why, Throwable cause) {
        super(message, cause);
        this.why = why;
    }

    /**
     * One that says of each server what its own says.
     *
     * @param all in the order of the message, at least one
     */
    public static NotReachableException of(List<NotReachableException> all) {
        if (all.size() == 1) {
            return all.getFirst();
        }
        var together = new NotReachableException(all.stream().map(Throwable::getMessage).collect(Collectors.joining("; ")),
                all.stream().map(NotReachableException::why).collect(Collectors.joining("; ")), all.getFirst());
        all.stream().skip(1).forEach(together::addSuppressed);
        return together;
    }

    /** What went wrong at last, in words for people. */
    public String why() {
        return why;
    }
}
