package dev.spillway.client.http;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.util.Locale;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.NoHttpResponseException;

/** Says why a connection failed, in words for people: the JDK says the same thing by many exceptions, often without a message. */
final class ConnectionFailure {
    private ConnectionFailure() {}

    static String inWords(Exception failure) {
        return switch (failure) {
            case UnknownHostException _ -> "unknown host name";
            case NoRouteToHostException _ -> "no route to the host";
            case ConnectException e -> said(e).toLowerCase(Locale.ROOT).contains("timed out") ? "timed out" : "connection refused";
            case SocketTimeoutException _ -> "timed out";
            case EOFException _ -> "connection lost";
            case NoHttpResponseException _ -> "connection lost";
            case ConnectionClosedException _ -> "connection lost";
            case ClosedChannelException _ -> "connection lost";
            // A Unix socket that is not there, or that nobody listens at.
            case SocketException e when said(e).contains("No such file") -> "no such socket";
            case SocketException _ -> "connection lost";
            case IOException e -> said(e);
            default -> failure.toString();
        };
    }

    private static String said(Exception failure) {
        return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }
}
