package dev.spillway.client.http;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.io.CloseMode;
import org.jspecify.annotations.Nullable;

/** A pool of connections to servers. Thread-safe. */
final class ConnectionPool implements AutoCloseable {
    /** Time for which an idle connection is kept, well below the time after which servers close it. */
    private static final Duration KEPT_FOR = Duration.ofSeconds(30);
    private static final int KEPT_MAX = 64;

    /** Message for a timeout of the client itself. */
    private static final String TIMED_OUT = "timed out";

    private final Duration connectWithin;
    private final Deadlines deadlines;
    private final @Nullable Supplier<SSLContext> tls;
    private final Map<ServerAddress, Deque<Connection>> kept = new ConcurrentHashMap<>();
    private final Set<Connection> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    ConnectionPool(Duration connectWithin, Deadlines deadlines, @Nullable Supplier<SSLContext> tls) {
        this.tls = tls;
        this.connectWithin = connectWithin;
        this.deadlines = deadlines;
    }

    /** One connection, used by one thread at a time. */
    static final class Connection {
        final ServerAddress server;
        final SocketChannel channel;
        final DefaultBHttpClientConnection http;
        private final ChannelSocket socket;
        private final @Nullable SSLContext tls;
        private final @Nullable SSLSocket secured;
        private long keptSince;
        private boolean used;

        private Connection(ServerAddress server, SocketChannel channel, @Nullable SSLContext tls) throws IOException {
            this.server = server;
            this.channel = channel;
            this.tls = tls;
            this.socket = new ChannelSocket(channel);
            this.http = new DefaultBHttpClientConnection(Http1Config.DEFAULT);
            if (server instanceof ServerAddress.Tcp tcp && tcp.secure()) {
                this.secured = secured(tcp, tls);
                http.bind(secured, socket);
            } else {
                this.secured = null;
                http.bind((Socket) socket);
            }
        }

        /** Performs the TLS handshake before anything is sent, so that a request to an untrusted server is certainly not carried out. */
        private void shakeHands(Deadlines.Deadline deadline) throws IOException {
            if (secured == null) {
                return;
            }
            deadline.guard(channel);
            try {
                secured.startHandshake();
            } catch (IOException e) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new ClosedByInterruptException();
                }
                throw deadline.expired() != null ? new SocketTimeoutException(TIMED_OUT) : e;
            }
        }

        private SSLSocket secured(ServerAddress.Tcp tcp, @Nullable SSLContext tls) throws IOException {
            try {
                SSLContext context = tls == null ? SSLContext.getDefault() : tls;
                SSLSocket secured = (SSLSocket) context.getSocketFactory().createSocket(socket, tcp.host(), tcp.port(), true);
                SSLParameters parameters = secured.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                secured.setSSLParameters(parameters);
                return secured;
            } catch (java.security.NoSuchAlgorithmException e) {
                throw new IOException("TLS (expected: in every Java platform)", e);
            }
        }

        /** Returns whether it was used for a request before, so that the server may just have closed it. */
        boolean isUsed() {
            return used;
        }
    }

    private @Nullable SSLContext tls() {
        return tls == null ? null : tls.get();
    }

    /**
     * Returns a kept connection; null if none is usable. A connection that was opened with certificates that have been renewed since is not usable.
     */
    @Nullable
    Connection kept(ServerAddress server) {
        Deque<Connection> idle = kept.get(server);
        SSLContext now = idle == null ? null : tls();
        Connection connection;
        while (idle != null && (connection = idle.pollFirst()) != null) {
            if (System.nanoTime() - connection.keptSince < KEPT_FOR.toNanos() && Objects.equals(connection.tls, now)
                    && connection.socket.isQuiet()) {
                return connection;
            }
            discard(connection);
        }
        return null;
    }

    /** @throws IOException if no connection could be made, so that nothing was sent */
    Connection connect(ServerAddress server) throws IOException {
        IOException last = null;
        if (closed) {
            throw closed();
        }
        for (SocketAddress address : server.addresses()) {
            try {
                Connection connection = connect(server, address);
                open.add(connection);
                if (closed) {
                    discard(connection);
                    throw closed();
                }
                return connection;
            } catch (ClosedByInterruptException e) {
                throw e;
            } catch (IOException e) {
                last = e;
            }
        }
        throw last == null ? new IOException("no address") : last;
    }

    private static IOException closed() {
        return new IOException(JsonClient.CLOSED);
    }

    boolean isClosed() {
        return closed;
    }

    private Connection connect(ServerAddress server, SocketAddress address) throws IOException {
        boolean unix = address instanceof UnixDomainSocketAddress;
        SocketChannel channel = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        try (Deadlines.Deadline deadline = deadlines.after(connectWithin)) {
            deadline.guard(channel);
            try {
                channel.connect(address);
            } catch (AsynchronousCloseException e) {
                throw deadline.expired() != null ? new SocketTimeoutException(TIMED_OUT) : e;
            }
            if (!unix) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        // The connection and the handshake have the full time limit each, because the server's system accepts a connection and the server itself
        // answers the handshake.
        try (Deadlines.Deadline deadline = deadlines.after(connectWithin)) {
            Connection connection = new Connection(server, channel, tls());
            connection.shakeHands(deadline);
            return connection;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Keeps a connection whose answer was read to its end. */
    void keep(Connection connection) {
        connection.used = true;
        connection.keptSince = System.nanoTime();
        Deque<Connection> idle = kept.computeIfAbsent(connection.server, _ -> new ConcurrentLinkedDeque<>());
        if (closed || idle.size() >= KEPT_MAX) {
            discard(connection);
        } else {
            idle.addFirst(connection);
        }
    }

    void discard(Connection connection) {
        open.remove(connection);
        connection.http.close(CloseMode.IMMEDIATE);
        try {
            connection.channel.close();
        } catch (IOException e) {
            // The connection is no longer used.
        }
    }

    /** Closes all connections, also those in use. */
    @Override
    public void close() {
        closed = true;
        open.forEach(this::discard);
    }
}
