package dev.spillway.client.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The address of a server. */
public sealed interface ServerAddress {
    /** Form that {@link #parse} accepts, for messages. */
    String EXPECTED = "host:port, http://host:port or unix:/path/of/a/socket, such as 127.0.0.1:7070";

    /**
     * A TCP port.
     *
     * @param host   host name or address; IPv6 without brackets
     * @param port   1 to 65535
     * @param secure whether the server uses TLS
     */
    record Tcp(String host, int port, boolean secure) implements ServerAddress {
        public Tcp {
            if (host.isBlank() || port < 1 || port > 65_535) {
                throw new IllegalArgumentException("address: %s:%d (expected: a host and a port of 1 to 65535)".formatted(host, port));
            }
        }

        @Override
        public List<SocketAddress> addresses() throws UnknownHostException {
            List<SocketAddress> addresses = new ArrayList<>();
            for (InetAddress address : InetAddress.getAllByName(host)) {
                addresses.add(new InetSocketAddress(address, port));
            }
            return addresses;
        }

        @Override
        public String authority() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }

        /** Explicit, because the JDK links a record's generated hash code at run time, which delays each short command. */
        @Override
        public int hashCode() {
            return 31 * host.hashCode() + port;
        }

        @Override
        public String toString() {
            return (secure ? "https://" : "http://") + authority();
        }
    }

    /** A Unix socket of this machine. */
    record Unix(Path socket) implements ServerAddress {
        @Override
        public List<SocketAddress> addresses() {
            return List.of(UnixDomainSocketAddress.of(socket));
        }

        @Override
        public String authority() {
            return "localhost";
        }

        @Override
        public int hashCode() {
            return socket.hashCode();
        }

        @Override
        public String toString() {
            return "unix:" + socket;
        }
    }

    /** Returns the socket addresses to try, in order, until one accepts the connection. */
    List<SocketAddress> addresses() throws UnknownHostException;

    /** Returns its form in a Host header. */
    String authority();

    static ServerAddress tcp(String host, int port) {
        return new Tcp(host, port, false);
    }

    static ServerAddress unix(Path socket) {
        return new Unix(socket);
    }

    /**
     * Reads an address.
     *
     * @throws IllegalArgumentException if the text is not an address
     */
    static ServerAddress parse(String text) {
        if (text.startsWith("unix:/")) {
            return new Unix(Path.of(text.substring("unix:".length())));
        }
        String lower = text.toLowerCase(Locale.ROOT);
        String url = lower.startsWith("http://") || lower.startsWith("https://") ? text : "http://" + text;
        try {
            URI uri = new URI(url).parseServerAuthority();
            boolean bare = uri.getRawUserInfo() == null && uri.getRawQuery() == null && uri.getRawFragment() == null
                    && (uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"));
            if (bare && uri.getHost() != null) {
                return new Tcp(uri.getHost().replaceAll("^\\[|]$", ""), uri.getPort(), uri.getScheme().equalsIgnoreCase("https"));
            }
        } catch (URISyntaxException | IllegalArgumentException e) {
            throw new IllegalArgumentException("address: " + text + " (expected: " + EXPECTED + ")", e);
        }
        throw new IllegalArgumentException("address: " + text + " (expected: " + EXPECTED + ")");
    }
}
