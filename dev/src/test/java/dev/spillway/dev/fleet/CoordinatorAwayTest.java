package dev.spillway.dev.fleet;

import dev.spillway.api.body.Entries;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** Reads on a host while no coordinator runs are counted once one runs again. */
@Tag("full")
class CoordinatorAwayTest {
    private static final Duration WITHIN = Duration.ofMinutes(2);
    private static final int TRIES = 10;

    @TempDir
    Path scratch;

    @Test
    void anEntryThatWasReadMeanwhileIsNotTheNextVictim() throws Exception {
        Path tree = RealTrees.find(scratch).getFirst();
        try (FleetProcesses fleet = new FleetProcesses(scratch, 1)) {
            fleet.launchCoordinator();
            fleet.awaitReady("coordinator");
            fleet.launchWorker(1);
            fleet.awaitWorkerJoined(1);
            fleet.setNamespace(2);
            fleet.put(1, "in use", tree);
            fleet.put(1, "unused", tree);
            fleet.process("coordinator").kill();
            try (Nobody nobody = new Nobody(URI.create(fleet.coordinatorUrl()).getPort())) {
                String read = fleet.workerUrl(1) + "/v1/directories/" + FleetProcesses.NAMESPACE + "/entries/" + Http.encoded("in use");
                for (int hit = 0; hit < 20; hit++) {
                    assertThat(Http.get(read).status()).isEqualTo(200);
                }
                int tries = nobody.tries.get();
                Eventually.holds(WITHIN, () -> assertThat(nobody.tries.get()).as("messages since").isGreaterThan(tries + TRIES));
            }
            fleet.launchCoordinator();
            fleet.awaitReady("coordinator");
            fleet.put(1, "new", tree);
            assertThat(fleet.entries()).extracting(Entries.Entry::key).extracting(Object::toString).containsExactly("in use", "new");
            long hits = Http.get(fleet.coordinatorUrl() + "/v1/namespaces/" + FleetProcesses.NAMESPACE).json().get("hits").asLong();
            assertThat(hits).as("each was told, some perhaps twice").isGreaterThanOrEqualTo(20);
        }
    }

    /** Takes connections at an address and closes them. */
    private static final class Nobody implements AutoCloseable {
        private final ServerSocket socket;
        private final AtomicInteger tries = new AtomicInteger();

        Nobody(int port) throws IOException {
            socket = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
            Thread.ofVirtual().start(() -> {
                while (!socket.isClosed()) {
                    try {
                        socket.accept().close();
                        tries.incrementAndGet();
                    } catch (IOException e) {
                        assertThat(socket.isClosed()).as(e.toString()).isTrue();
                    }
                }
            });
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
