package dev.spillway.dev.fleet;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two coordinators and three workers are restarted one after the other, again and again, under clients that go on. One that is stopped finishes what it
 * took; its clients ask another one, or the same one again. {@code -Dspillway.minutes=10} goes on for so long; by default each is restarted once.
 */
@Tag("full")
class RollingRestartTest {
    private static final long SEED = 20_261_129;

    @TempDir
    Path scratch;

    @Test
    @Timeout(value = 40, unit = TimeUnit.MINUTES)
    void noRequestThatWasAnsweredIsLost() throws Exception {
        try (FleetUnderLoad load = new FleetUnderLoad(scratch, new ServersApart(scratch), SEED)) {
            try {
                restart(load);
            } catch (Exception | AssertionError e) {
                System.out.println(load.fleet().logs());
                throw e;
            }
        }
    }

    private static void restart(FleetUnderLoad load) throws Exception {
        int restarts = 0;
        long until = System.nanoTime() + Duration.ofMinutes(Integer.getInteger("spillway.minutes", 0)).toNanos();
        do {
            for (String name : FleetUnderLoad.PROCESSES) {
                assertThat(load.fleet().process(name).stop(Eventually.HANG)).as("exit code of %s", name).isZero();
                load.fleet().launch(name);
                load.fleet().awaitAllReady();
                restarts++;
                load.requireClients();
            }
        } while (System.nanoTime() < until);
        System.out.printf("%d restarts%n", restarts);
        load.stopAndCompare();
    }
}
