package dev.spillway.registry;

/**
 * Thrown when the connection was lost during the commit. The command is either fully carried out or not at all, and this process cannot tell which.
 */
public final class CommitUnknownException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public CommitUnknownException(String message, Throwable cause) {
        super(message, cause);
    }
}
