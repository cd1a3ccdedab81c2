package dev.spillway.worker.ccache;

import dev.spillway.service.ServiceThread;
import dev.spillway.service.SocketFile;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Listens for ccache processes on a socket that only its owner can open. Each connection has a virtual thread. */
public final class HelperSocket implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HelperSocket.class);
    /**
     * Caps the open connections. A build runs one ccache per job. A connection beyond the cap is closed at once, and that ccache works without a
     * cache.
     */
    private static final int CONNECTIONS_MAX = 1_024;
    private static final Duration END_WITHIN = Duration.ofSeconds(5);

    private final SocketFile file;
    private final ServerSocketChannel server;
    private final HelperRequests requests;
    private final ServiceThread accepting;
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();

    private HelperSocket(SocketFile file, ServerSocketChannel server, HelperRequests requests) {
        this.file = file;
        this.server = server;
        this.requests = requests;
        this.accepting = new ServiceThread("ccache-helper", this::accept);
    }

    /** @throws IOException if another process listens there, or the path cannot be used */
    public static HelperSocket start(Path path, HelperRequests requests) throws IOException {
        SocketFile file = SocketFile.prepare(path);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(file.binding()));
            file.publish();
        } catch (IOException e) {
            server.close();
            throw e;
        }
        HelperSocket socket = new HelperSocket(file, server, requests);
        socket.accepting.start();
        LOG.info("listening for ccache on {}", path);
        return socket;
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel client = server.accept();
                if (open.size() >= CONNECTIONS_MAX) {
                    client.close();
                    continue;
                }
                open.add(client);
                Thread.ofVirtual().name("ccache-client").start(() -> serve(client));
            } catch (ClosedChannelException _) {
                return;
            } catch (IOException e) {
                LOG.warn("a connection of ccache could not be taken", e);
            }
        }
    }

    private void serve(SocketChannel client) {
        try (client) {
            requests.serve(client);
        } catch (IOException e) {
            LOG.debug("a connection of ccache ended: {}", e.toString());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.error("a request of ccache failed", e);
        } finally {
            open.remove(client);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (SocketChannel client : open) {
            client.close();
        }
        accepting.end(END_WITHIN, END_WITHIN);
        file.remove();
    }
}
