package dev.spillway.service.settings;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * A TCP address as people write it: {@code 127.0.0.1:7070}, {@code localhost:7070}, {@code [::1]:7070}.
 *
 * @param host host name or address; IPv6 without brackets
 * @param port 0 to 65535; 0 lets the system choose a port to listen on
 */
public record HostPort(String host, int port) {

    private static final String EXPECTED = "host:port with a port of 0 to 65535, IPv6 in brackets, such as 127.0.0.1:7070";

    public HostPort {
        if (host.isBlank() || port < 0 || port > 65_535) {
            throw new IllegalArgumentException("address: " + host + ":" + port + " (expected: " + EXPECTED + ")");
        }
    }

    /**
     * Reads an address.
     *
     * @throws IllegalArgumentException if the text is not an address
     */
    public static HostPort parse(String text) {
        int colon = text.lastIndexOf(':');
        var host = colon < 0 ? "" : text.substring(0, colon);
        var bracketed = host.startsWith("[") && host.endsWith("]");
        var port = text.substring(colon + 1);
        if (host.isBlank() || host.contains(":") != bracketed || !port.matches("[0-9]{1,5}")) {
            throw new IllegalArgumentException("address: " + text + " (expected: " + EXPECTED + ")");
        }
        return new HostPort(bracketed ? host.substring(1, host.length() - 1) : host, Integer.parseInt(port));
    }

    /** Returns whether the host resolves and all its addresses are loopback. Asks the system's resolver for a name. */
    public boolean isLoopback() {
        try {
            return Arrays.stream(InetAddress.getAllByName(host)).allMatch(InetAddress::isLoopbackAddress);
        } catch (UnknownHostException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
