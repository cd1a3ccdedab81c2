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
 * Checks whether anything listens at the brokers' addresses. Kafka's clients report every trouble as a timeout after many attempts. A plain
 * connection fails at once, with the reason.
 */
final class Listening {
    private Listening() {}

    /**
     * Returns once one of the servers accepts a connection.
     *
     * @param within time limit for each server
     * @throws UnusableServerException if none does, with the different reasons
     */
    static void require(List<HostPort> servers, Duration within) throws UnusableServerException {
        Map<HostPort, String> troubles = new LinkedHashMap<>();
        IOException last = new IOException("no servers");
        for (var server : servers) {
            try (var socket = new Socket()) {
                socket.connect(
                        new InetSocketAddress(InetAddress.getByName(server.host()), server.port()),
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
