package dev.spillway.dev.fleet;

import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** PostgreSQL is lost while clients continue, and a second server with every commit is promoted. No coordinator is restarted. */
@Tag("full")
class FailoverTest {
    private static final long SEED = 20_261_130;

    @TempDir
    Path scratch;

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void nothingThatWasAnsweredIsLostWithTheFirstServer() throws Exception {
        ServersApart servers = new ServersApart(scratch);
        servers.startStandby();
        try (FleetUnderLoad load = new FleetUnderLoad(scratch, servers, SEED)) {
            try {
                failOver(load, servers);
            } catch (Exception | AssertionError e) {
                System.out.println(load.fleet().logs());
                throw e;
            }
        }
    }

    private static void failOver(FleetUnderLoad load, ServersApart servers) throws Exception {
        awaitMorePuts(load, 10);
        servers.killPostgres();
        Http.Answer refused = write(load.fleet());
        assertThat(refused.status()).as(refused.text()).isEqualTo(503);
        assertThat(refused.text()).contains("registry-unavailable");
        servers.promoteStandby();
        long begin = System.nanoTime();
        Eventually.holds(Eventually.HANG, () -> assertThat(write(load.fleet()).status()).isEqualTo(200));
        System.out.printf("from the promotion until a coordinator wrote: %.1f s%n", (System.nanoTime() - begin) / 1e9);
        load.fleet().awaitAllReady();
        awaitMorePuts(load, 10);
        load.stopAndCompare();
    }

    private static Http.Answer write(FleetProcesses fleet) throws Exception {
        return Http.send(
                "PUT",
                fleet.coordinatorUrl() + "/v1/namespaces/written",
                Map.of("maxEntries", 1),
                Map.of("Idempotency-Key", UUID.randomUUID().toString()));
    }

    private static void awaitMorePuts(FleetUnderLoad load, int more) {
        int before = load.told().stored().size();
        Eventually.holds(Eventually.HANG, () -> {
            load.requireClients();
            assertThat(load.told().stored().size()).as("puts that were stored").isGreaterThanOrEqualTo(before + more);
        });
    }
}
