package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Taking a host out of duty at the command line, with what only it holds kept until somebody decides. */
class DrainTest extends FleetOfTwo {
    @BeforeEach
    void putOnBothHosts() {
        done("namespace", "set", "copies");
        putOnBoth("both");
        done("put", "copies", "first-only", tree.toString(), "--worker", "host-1");
    }

    @AfterEach
    void clean() {
        done("clean", "copies", "--yes", "--timeout", "5m");
    }

    @Test
    void aHostIsDrainedOverRestartsAndItsLastCopyStaysUntilAnotherHostHasIt() throws Exception {
        Spillway.Ran drained = done("drain", "host-1");
        assertThat(drained.lines()).hasSize(2);
        assertThat(drained.lines().getFirst()).matches("host-1: drained: 1 last copy \\(.*\\) left");
        assertThat(drained.lines().getLast()).startsWith("What no other host has stays here.").endsWith("spillway retire host-1");
        assertThat(images()).hasSize(1);
        assertThat(done("evictions", "--namespace", "copies").lines()).as("nothing was evicted").hasSize(1);
        assertThat(done("ls", "copies").out()).contains("both", "first-only");

        Spillway.Ran refused = ran("put", "copies", "new", tree.toString(), "--worker", "host-1");
        assertThat(refused.exitCode()).isOne();
        assertThat(refused.err()).contains("host: host-1, which drains", "spillway drain host-1 --cancel");
        assertThat(done("status", "--worker", "host-1").out()).containsPattern("draining +it takes nothing new");

        fleet.stopWorker(1);
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(done("hosts", "host-1").out()).containsPattern("state +AWAY"));
        assertThat(done("hosts").lines().get(1)).startsWith("host-1  AWAY").endsWith("drained: 1 last copy (8.0 KiB) left");
        fleet.stopCoordinator();
        fleet.startCoordinator();
        fleet.startWorker(1);
        FleetInProcess.awaitReady(fleet.workerUrl(1));
        assertThat(done("hosts").lines().get(1)).startsWith("host-1  DRAINING");
        Path served = Path.of(done("get", "copies", "first-only", "--worker", "host-1").out().strip());
        assertThat(served.resolve("file")).hasContent("content");

        String generation = done("ls", "copies").out().replaceFirst("(?s).*first-only +(\\d+) .*", "$1");
        done("put", "copies", "first-only", tree.toString(), "--worker", "host-2", "--generation", generation);
        assertThat(done("drain", "host-1").lines()).containsExactly(
                "host-1: drained: nothing is left",
                "To take it out of the fleet: spillway retire host-1");
        assertThat(images()).isEmpty();
        assertThat(Path.of(done("get", "copies", "first-only", "--worker", "host-2").out().strip()).resolve("file")).hasContent("content");
        assertThat(done("retire", "host-1", "--yes").out()).isEqualTo("retired host-1: 0 replicas abandoned, 0 entries lost\n");
        done("readmit", "host-1");
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(done("hosts", "host-1").out()).containsPattern("state +ACTIVE"));
        FleetInProcess.awaitReady(fleet.workerUrl(1));
    }

    @Test
    void whatIsHeldIsWaitedForAndACancelledDrainLetsTheHostTakePartAgain() throws Exception {
        Spillway.Ran held = done("get", "copies", "both", "--worker", "host-1", "--hold", "10m");
        Spillway.Ran late = ran("drain", "host-1", "--timeout", "1s");
        assertThat(late.exitCode()).isOne();
        assertThat(late.out()).startsWith("host-1: draining: 1 copy to go (8.0 KiB), 1 open order, oldest ");
        assertThat(late.err())
                .contains("host-1 is not drained in 1 s; it goes on draining; what it is still to delete: spillway hosts host-1 --orders");
        assertThat(Path.of(held.lines().getFirst()).resolve("file")).hasContent("content");
        assertThat(done("evictions", "--host", "host-1", "--state", "open").lines()).as("no eviction is behind it").hasSize(1);
        Eventually.holds(Eventually.HANG, () -> {
            Spillway.Ran orders = done("hosts", "host-1", "--orders");
            assertThat(orders.lines()).hasSize(2);
            assertThat(orders.lines().getLast())
                    .matches("\\d+ s ago +copies +both +\\d+ +RELIEF +8.0 KiB +DEFERRED until \\S+ +\\d+ +\\S+ +- +\\S{36}");
        });
        JsonNode order = new Http.Answer(200, done("hosts", "host-1", "--orders", "--json").out()).json().get("items").get(0);
        assertThat(order.get("cause").asText()).isEqualTo("RELIEF");
        assertThat(order.has("evictionId")).isFalse();
        assertThat(done("hosts", "host-1").out()).contains("(spillway hosts host-1 --orders)");
        assertThat(done("hosts", "host-2", "--orders").lines()).hasSize(1);

        assertThat(done("drain", "host-1", "--cancel").out()).isEqualTo("host-1 takes part again; 1 copy stays ordered to be deleted\n");
        done("holds", "release", held.err().replaceFirst("(?s).*hold (\\S+) .*", "$1"), "--worker", "host-1");
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(images()).hasSize(1));
        awaitPut("new");
        assertThat(done("hosts").lines().get(1)).startsWith("host-1  ACTIVE");
        assertThat(ran("drain", "host-9", "--cancel").exitCode()).isEqualTo(3);
    }

    @Test
    void aHostThatIsAwayIsNamedBeforeItIsWaitedFor() throws Exception {
        fleet.stopWorker(1);
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(done("hosts", "host-1").out()).containsPattern("state +AWAY"));
        Spillway.Ran late = ran("drain", "host-1", "--timeout", "3s");
        assertThat(late.exitCode()).isOne();
        assertThat(late.err().lines().toList()).hasSize(2)
                .first()
                .asString()
                .matches("host-1 is AWAY, heard \\d+ s ago: it deletes nothing until its worker runs again");
        fleet.startWorker(1);
        FleetInProcess.awaitReady(fleet.workerUrl(1));
        done("drain", "host-1", "--cancel");
        awaitPut("new");
    }

    /** Waits until host 1 takes something new: it hears with a heartbeat that a drain is cancelled. */
    private void awaitPut(String key) throws InterruptedException {
        Eventually.holds(
                FleetInProcess.WITHIN,
                () -> assertThat(ran("put", "copies", key, tree.toString(), "--worker", "host-1").exitCode()).isZero());
    }

    private void putOnBoth(String key) {
        String generation =
                done("put", "copies", key, tree.toString(), "--worker", "host-1").out().replaceFirst("(?s).*generation (\\d+),.*", "$1");
        done("put", "copies", key, tree.toString(), "--worker", "host-2", "--generation", generation);
    }

    private List<Path> images() throws IOException {
        try (Stream<Path> images = Files.list(fleet.images(1))) {
            return images.toList();
        }
    }

    private Spillway.Ran ran(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--url", fleet.url()));
        return Spillway.run(all.toArray(String[]::new));
    }

    private Spillway.Ran done(String... arguments) {
        Spillway.Ran ran = ran(arguments);
        assertThat(ran.exitCode()).as(List.of(arguments) + ": " + ran).isZero();
        return ran;
    }
}
