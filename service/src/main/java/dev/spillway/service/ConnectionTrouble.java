package dev.spillway.service;

import java.io.EOFException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Explains in plain words why a connection failed. The JDK and its libraries use many exceptions for one cause, often without a message. */
public final class ConnectionTrouble {
    /** A closed channel can also result from a connection that was never made, so this cause is reported only if no other is found. */
    private static final String LOST = "connection lost";

    private ConnectionTrouble() {}

    /** Returns the network trouble behind a failure, or otherwise the failure's own message, in one line. */
    public static String inWords(Throwable failure) {
        return of(failure).orElseGet(() -> said(failure));
    }

    /** Returns the network trouble behind a failure; empty if the failure has another cause. */
    public static Optional<String> of(Throwable failure) {
        Optional<String> found = Optional.empty();
        // The deepest cause is the nearest to the network: the timeout of several attempts can wrap a refused connection.
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnusableServerException unusable) {
                return Optional.of(String.valueOf(unusable.getMessage()));
            }
            @Nullable
            String words = switch (cause) {
                case UnknownHostException e -> "unknown host name";
                case UnresolvedAddressException e -> "unknown host name";
                case NoRouteToHostException e -> "no route to the host";
                case ConnectException e -> refused(String.valueOf(e.getMessage()));
                case SocketTimeoutException e -> "timed out";
                case HttpTimeoutException e -> "timed out";
                case TimeoutException e -> "timed out";
                case EOFException e -> found.orElse(LOST);
                case SocketException e -> found.orElse(LOST);
                case ClosedChannelException e -> found.orElse(LOST);
                default -> null;
            };
            found = words == null ? found : Optional.of(words);
        }
        return found;
    }

    private static String refused(String message) {
        var text = message.toLowerCase(Locale.ROOT);
        if (text.contains("unreachable")) {
            return "network unreachable";
        }
        return text.contains("timed out") ? "timed out" : "connection refused";
    }

    private static String said(Throwable failure) {
        var cause = failure;
        while (cause.getMessage() == null && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage().lines().findFirst().orElse("").strip();
    }
}
