package dev.spillway.service.kafka;

import dev.spillway.service.ConnectionTrouble;
import dev.spillway.service.UnusableServerException;
import dev.spillway.service.settings.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether anything listens where the brokers should be. Kafka's clients say of every trouble that they timed out, after many attempts of their
 * own; a plain connection knows at once, and why not.
 */
final class Listening {
    private Listening() {}

    /**
     * Returns when one of the servers takes a connection.
     *
     * @param within bound for each server
     * @throws UnusableServerException when none does, saying why not, of each that differs
     */
    static void require(List<HostPort> servers, Duration within) throws UnusableServerException {
        Map<HostPort, String> troubles = new LinkedHashMap<>();
        IOException last = new IOException("no servers");
        for (var server : servers) {
            try (var socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getByName(server.host()), server.port()),
                        Math.toIntExact(within.toMillis()));
                return;
            } catch (IOException e) {
                troubles.put(server, ConnectionTrouble.inWords(e));
                last = e;
            }
        }
        throw new UnusableServerException(words(troubles), last);
    }

    private static String words(Map<HostPort, String> troubles) {
        var different = Set.copyOf(troubles.values());
        return different.size() == 1 ? different.iterator().next()
                : troubles.entrySet().stream().map(each -> each.getKey() + " " + each.getValue()).collect(Collectors.joining(", "));
    }
}
