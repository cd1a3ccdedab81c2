package dev.spillway.dev.fleet;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports on the loopback interface that were free a moment ago, below those that the system gives to clients. Test JVMs that run at the same time take
 * theirs from ranges of their own.
 */
final class Ports {
    private static final int PER_FORK = 1_500;
    private static final int FIRST = 20_000 + Math.floorMod(Integer.getInteger("test.fork", 1) - 1, 8) * PER_FORK;
    private static final int LAST = FIRST + PER_FORK - 20;

    private Ports() {}

    static boolean isFree(int port) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    static List<Integer> free(int count) {
        List<Integer> found = new ArrayList<>();
        while (found.size() < count) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, LAST);
            if (!found.contains(port) && isFree(port)) {
                found.add(port);
            }
        }
        return found;
    }

    /** A port for the coordinator of a development fleet, with those of its workers free too. */
    static int freeForDev(int hosts) {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, LAST);
            boolean free = isFree(port);
            for (int host = 0; free && host < hosts; host++) {
                free = isFree(port + 10 + host);
            }
            if (free) {
                return port;
            }
        }
    }
}
