package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Hosts take copies from each other, asked by the commands warm and get. */
class WarmTest extends FleetOfTwo {
    @BeforeAll
    void makeNamespace() {
        assertThat(run("namespace", "set", "trees", "--max-entries", "10").exitCode()).isZero();
    }

    private Spillway.Ran run(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--url", fleet.url()));
        return Spillway.run(all.toArray(String[]::new));
    }

    private void put(String key, int host) {
        Spillway.Ran put = run("put", "trees", key, tree.toString(), "--worker", "host-" + host);
        assertThat(put.exitCode()).as(put.toString()).isZero();
    }

    @Test
    void allHostsHaveACopyAfterwards() throws Exception {
        put("warm", 1);
        Spillway.Ran warmed = run("warm", "trees", "warm");
        assertThat(warmed.exitCode()).as(warmed.toString()).isZero();
        assertThat(warmed.out()).containsPattern("host-1 +was there +.*\\Rhost-2 +taken +");
        Spillway.Ran found = run("get", "trees", "warm", "--local", "--worker", "host-2");
        assertThat(Path.of(found.out().strip()).resolve("file")).hasContent("content");

        JsonNode again = new ObjectMapper().readTree(run("warm", "trees", "warm", "--hosts", "host-2,host-1", "--json").out()).get("items");
        assertThat(again.findValuesAsText("host")).containsExactly("host-2", "host-1");
        assertThat(again.findValuesAsText("source")).containsExactly("local", "local");
    }

    @Test
    void aMissTakesACopyUnlessItIsLocal() {
        put("missed", 1);
        assertThat(run("get", "trees", "missed", "--local", "--worker", "host-2").exitCode()).isEqualTo(3);
        Spillway.Ran found = run("get", "trees", "missed", "--json", "--worker", "host-2");
        assertThat(found.out()).contains("\"source\":\"peer\"");
        assertThat(run("get", "trees", "unknown", "--worker", "host-2").exitCode()).isEqualTo(3);
    }

    @Test
    void hostsWithoutACopyAreNamedWithTheReason() throws Exception {
        assertThat(run("warm", "trees", "nothing").exitCode()).isEqualTo(3);
        put("away", 1);
        Spillway.Ran unknown = run("warm", "trees", "away", "--hosts", "host-2,host-9");
        assertThat(unknown.exitCode()).isEqualTo(1);
        assertThat(unknown.out()).containsPattern("host-2 +taken").containsPattern("host-9 +none +- +There is no such host");
        assertThat(unknown.err()).contains("1 of 2 hosts without a copy");

        put("alone", 1);
        fleet.stopWorker(1);
        try {
            Spillway.Ran get = run("get", "trees", "alone", "--worker", "host-2");
            assertThat(get.exitCode()).isEqualTo(1);
            assertThat(get.err()).contains("No host that has the tree gave a copy", "host-1: ", "connection refused");
        } finally {
            fleet.startWorker(1);
            FleetInProcess.awaitReady(fleet.workerUrl(1));
        }
    }
}
