package dev.spillway.dev.fleet;

import dev.spillway.artifacts.ArtifactStore;
import dev.spillway.artifacts.ArtifactStoreContract;
import dev.spillway.client.SpillwayClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The store of another process: a worker's, by HTTP. Each test has a namespace of its own. */
@Tag("full")
class RemoteArtifactStoreTest extends ArtifactStoreContract {
    @TempDir
    private static Path scratch;
    private static FleetInProcess fleet;
    private static final List<SpillwayClient> CLIENTS = new ArrayList<>();

    @BeforeAll
    static void startFleet() throws Exception {
        fleet = new FleetInProcess(scratch.resolve("fleet"), 1);
    }

    @AfterAll
    static void stopFleet() {
        CLIENTS.forEach(SpillwayClient::close);
        fleet.close();
    }

    @Override
    protected ArtifactStore open() throws Exception {
        String namespace = "store-" + CLIENTS.size();
        Spillway.Ran ran = Spillway.run(
                "namespace",
                "set",
                namespace,
                "--max-entries",
                "20",
                "--max-bytes",
                Long.toString(BYTES_MAX),
                "--backend",
                "artifact",
                "--url",
                fleet.url());
        assertThat(ran.exitCode()).as(ran.err()).isZero();
        SpillwayClient client = SpillwayClient.builder().worker(fleet.workerUrl(1)).build();
        CLIENTS.add(client);
        return client.artifacts(namespace);
    }
}
