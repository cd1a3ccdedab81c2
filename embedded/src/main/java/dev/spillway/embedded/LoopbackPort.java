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
     * Binds and returns a listening socket, so that no other process can take the port.
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

    /** Returns the port if it is free now, or any free one for 0. Another process can take the port before it is used. */
    static int free(String server, int port) {
        try (ServerSocketChannel channel = bind(server, port)) {
            return channel.socket().getLocalPort();
        } catch (IOException e) {
            throw new EmbeddedServerException("closing a probe of a port on 127.0.0.1: " + e, e);
        }
    }
}
