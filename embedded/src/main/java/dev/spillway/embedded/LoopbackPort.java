package dev.spillway.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;

/** Ports on 127.0.0.1. */
final class LoopbackPort {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    private LoopbackPort() {}

    /**
     * A listening socket that nobody else can take any more.
     *
     * @param server the server's name for messages
     * @param port   0 to have one chosen
     */
    static ServerSocketChannel bind(String server, int port) {
        try {
            ServerSocketChannel channel = ServerSocketChannel.open();
            try {
                channel.bind(address(port));
                return channel;
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            if (port != 0 && String.valueOf(e.getMessage()).contains("in use")) {
                throw new PortInUseException(server, port, e);
            }
            throw new EmbeddedServerException(server + " port: " + port + " on 127.0.0.1 cannot be bound: " + e, e);
        }
    }

    static InetSocketAddress address(int port) {
        return new InetSocketAddress(LOOPBACK, port);
    }

    /** The same port if it is free now, or a free one for 0. Somebody else can take it before it is used. */
    static int free(String server, int port) {
        try (ServerSocketChannel channel = bind(server, port)) {
            return channel.socket().getLocalPort();
        } catch (IOException e) {
            throw new EmbeddedServerException("closing a probe of a port on 127.0.0.1: " + e, e);
        }
    }
}
