package dev.spillway.service;

import java.io.Serial;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Thrown when one or several servers that a service needs could not be used within a time limit. The message has the server, its address, the reason
 * of the last failure, and how long it was tried.
 */
public final class DependencyUnavailableException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    private final String why;

    /**
     * @param server name and address of the server
     * @param why    reason of the last failure, in plain words
     * @param effort effort before giving up, such as {@code 3 attempts in 10 s}
     */
    public DependencyUnavailableException(String server, String why, String effort, Throwable lastError) {
        super("%s: %s, given up after %s".formatted(server, why, effort), lastError);
        this.why = why;
    }

    private DependencyUnavailableException(String message, String why, Throwable cause) {
        super(message, cause);
        this.why = why;
    }

    /**
     * Returns an exception with the messages of all of these.
     *
     * @param all in the order of the message, at least one
     */
    public static DependencyUnavailableException of(List<DependencyUnavailableException> all) {
        if (all.size() == 1) {
            return all.getFirst();
        }
        var together = new DependencyUnavailableException(
                all.stream().map(Throwable::getMessage).collect(Collectors.joining("; ")),
                all.stream().map(DependencyUnavailableException::why).collect(Collectors.joining("; ")),
                all.getFirst());
        all.stream().skip(1).forEach(together::addSuppressed);
        return together;
    }

    /** Returns the reason of the last failure, in plain words. */
    public String why() {
        return why;
    }
}
