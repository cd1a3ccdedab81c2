package dev.spillway.client.http;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.NoHttpResponseException;

/** Explains in plain words why a connection failed. The JDK uses many exceptions for one cause, often without a message. */
final class ConnectionFailure {
    private static final String LOST = "connection lost";

    private ConnectionFailure() {}

    /** Explains the failure of a request to this server. A server with TLS closes a connection on which the client does not use TLS. */
    static String inWords(ServerAddress server, Exception failure) {
        boolean plain = server instanceof ServerAddress.Tcp tcp && !tcp.secure();
        return plain && failure instanceof NoHttpResponseException ? LOST + " (expected: https:// where TLS is spoken)" : inWords(failure);
    }

    static String inWords(Exception failure) {
        return switch (failure) {
            case UnknownHostException _ -> "unknown host name";
            case NoRouteToHostException _ -> "no route to the host";
            case ConnectException e -> said(e).toLowerCase(Locale.ROOT).contains("timed out") ? "timed out" : "connection refused";
            case SocketTimeoutException _ -> "timed out";
            case EOFException _ -> LOST;
            case NoHttpResponseException _ -> LOST;
            case ConnectionClosedException _ -> LOST;
            case ClosedChannelException _ -> LOST;
            // The Unix socket does not exist, or no process listens on it.
            case SocketException e when said(e).contains("No such file") -> "no such socket";
            case SocketException _ -> LOST;
            case SSLException e -> tls(e);
            case IOException e -> said(e);
            default -> failure.toString();
        };
    }

    private static String tls(SSLException failure) {
        boolean distrusted = false;
        Throwable last = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            distrusted |= cause instanceof CertificateException;
            last = cause;
        }
        if (distrusted) {
            return "nothing was sent, because the server's certificate is not believed: " + distrust(last)
                    + " (expected: one for this address, of an authority that was given with tls-ca)";
        }
        return said(failure).contains("Unsupported or unrecognized SSL message")
                ? "TLS is not spoken there (expected: https:// where it is)"
                : "TLS: " + said(failure);
    }

    private static String distrust(Throwable last) {
        return switch (last) {
            case CertPathBuilderException _ -> "it is signed by nobody who is believed";
            case CertificateExpiredException e -> "it is expired, " + e.getMessage();
            case CertificateNotYetValidException e -> "it is not valid yet, " + e.getMessage();
            default -> String.valueOf(last.getMessage());
        };
    }

    private static String said(Exception failure) {
        return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }
}
