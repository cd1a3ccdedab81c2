package dev.spillway.dev.fleet;

import dev.spillway.api.body.Hosts;
import dev.spillway.events.HostId;
import dev.spillway.events.protocol.JoinRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Giving a host up at the command line: with the question answered beforehand, and where there is none to ask. */
class RetireTest extends FleetOfTwo {
    @BeforeEach
    void putOnBothHosts() {
        done("namespace", "set", "copies");
        done("put", "copies", "first-only", tree.toString(), "--worker", "host-1");
        done("put", "copies", "second-only", tree.toString(), "--worker", "host-2");
        String generation =
                done("put", "copies", "both", tree.toString(), "--worker", "host-1").out().replaceFirst("(?s).*generation (\\d+),.*", "$1");
        done("put", "copies", "both", tree.toString(), "--worker", "host-2", "--generation", generation);
    }

    @AfterEach
    void clean() {
        done("clean", "copies", "--yes", "--timeout", "5m");
    }

    @Test
    void withYesAHostThatIsHeardAndDrainsIsRetiredUnaskedAndSaysHowItComesBack() {
        assertThat(done("drain", "host-1").out()).contains("1 last copy");
        Eventually.holds(
                FleetInProcess.WITHIN,
                () -> assertThat(done("status", "--worker", fleet.workerUrl(1)).out()).contains("draining"));
        Spillway.Ran retired = done("retire", "host-1", "--yes");
        assertThat(retired.out()).isEqualTo("retired host-1: 1 replica abandoned, 1 entry lost\n");
        assertThat(retired.err()).isEmpty();
        assertThat(done("hosts", "host-1").out()).containsPattern("state +RETIRED").doesNotContain("free on the disk");
        assertThat(done("ls", "copies").out()).contains("both", "second-only").doesNotContain("first-only");
        assertThat(done("evictions", "--namespace", "copies", "--cause", "lost").out()).containsPattern("first-only .* LOST");
        assertThat(done("retire", "host-1").out()).as("again, when it is not heard any more")
                .isEqualTo("retired host-1: 0 replicas abandoned, 0 entries lost\n");

        Eventually.holds(FleetInProcess.WITHIN, () -> {
            Spillway.Ran status = Spillway.run("status", "--worker", fleet.workerUrl(1));
            assertThat(status.exitCode()).isOne();
            assertThat(status.out()).contains("RETIRED: host host-1 was retired").doesNotContain("draining");
        });
        assertThat(done("hosts").out()).containsPattern(
                "(?s)REFUSED +ADDRESS +STORE +ASKED +WHY, AND WHAT TO DO\nhost-1 .* RETIRED: host host-1 was retired .*spillway readmit host-1");
        assertThat(done("hosts", "host-1").out()).contains("spillway readmit host-1");
        assertThat(done("hosts", "host-2").out()).doesNotContain("REFUSED");
        assertThat(done("hosts", "--json").out()).contains("\"refusals\":[{\"hostId\":\"host-1\"");
        joinsAgain("host-1");
        assertThat(done("hosts").out()).doesNotContain("REFUSED");
    }

    @Test
    void aHostThatIsAwayIsRetiredUnasked() throws Exception {
        fleet.stopWorker(2);
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(done("hosts", "host-2").out()).containsPattern("state +AWAY"));
        Spillway.Ran asked = Spillway.run("readmit", "host-2", "--url", fleet.url());
        assertThat(asked.exitCode()).isOne();
        assertThat(asked.err()).contains("host-2 is AWAY", "2 replicas", "nobody was readmitted");
        assertThat(done("hosts", "host-2").out()).as("nothing was given up").containsPattern("state +AWAY");
        Spillway.Ran retired = done("retire", "host-2");
        assertThat(retired.out()).isEqualTo("retired host-2: 2 replicas abandoned, 1 entry lost\n");
        assertThat(retired.err()).isEmpty();
        assertThat(done("ls", "copies").out()).contains("both", "first-only").doesNotContain("second-only");

        fleet.startWorker(2);
        joinsAgain("host-2");
    }

    @Test
    void aWorkerThatIsNoHostBecauseItWasNeverLetInIsToldOf() throws Exception {
        Hosts.Host known = Http.get(fleet.url() + "/v1/hosts/host-1").as(Hosts.Host.class);
        JoinRequest copied = new JoinRequest(
                new HostId("host-9"),
                known.storeId(),
                "127.0.0.1:9",
                List.of(1),
                new JoinRequest.WorkerProcess(UUID.randomUUID(), false));
        assertThat(Http.send("POST", fleet.url() + "/v1/workers/host-9/join", copied, Map.of()).status()).isEqualTo(200);

        Spillway.Ran shown = Spillway.run("hosts", "host-9", "--url", fleet.url());
        assertThat(shown.exitCode()).isEqualTo(3);
        assertThat(shown.out()).containsPattern("(?s)REFUSED.*host-9 +127.0.0.1:9 .* STORE_IN_USE: ");
        assertThat(shown.err()).contains("no such host");
        assertThat(Spillway.run("hosts", "host-9", "--json", "--url", fleet.url()).out())
                .startsWith("{\"refusals\":[{\"hostId\":\"host-9\"");
        assertThat(Spillway.run("hosts", "host-8", "--url", fleet.url()).out()).isEmpty();
    }

    private void joinsAgain(String host) {
        assertThat(done("readmit", host).out()).isEqualTo("readmitted " + host + ": it may join; 0 replicas abandoned, 0 entries lost\n");
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(done("hosts", host).out()).containsPattern("state +ACTIVE"));
        FleetInProcess.awaitReady(fleet.workerUrl(host.equals("host-1") ? 1 : 2));
    }

    private Spillway.Ran done(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--url", fleet.url()));
        Spillway.Ran ran = Spillway.run(all.toArray(String[]::new));
        assertThat(ran.exitCode()).as(all + ": " + ran).isZero();
        return ran;
    }
}
