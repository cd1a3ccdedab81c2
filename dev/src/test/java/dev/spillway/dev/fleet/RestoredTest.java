package dev.spillway.dev.fleet;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The registry's database goes back to a backup, as docs/operations.md says, under a fleet that went on meanwhile. */
@Tag("full")
class RestoredTest {
    @TempDir
    Path scratch;

    private FleetInProcess fleet;

    @BeforeEach
    void startFleet() throws Exception {
        fleet = new FleetInProcess(scratch, 2);
    }

    @AfterEach
    void stopFleet() {
        fleet.close();
    }

    @Test
    void aFleetWhoseRegistryWasRestoredLosesNothingThatIsNewerAndEndsWithEqualInventories() throws Exception {
        done("namespace", "set", "images", "--max-entries", "4");
        put("replaced", "before", 1);
        put("evicted", "before", 1);
        put("deleted", "before", 2);
        put("stays", "before", 2);
        backUp(scratch.resolve("backup"));

        put("replaced", "after", 2);
        put("new", "after", 1);
        done("rm", "images", "deleted");
        put("newest", "after", 2);
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(done("evictions", "--state", "open").lines()).hasSize(1));
        assertThat(imagesOf(1)).hasSize(1);
        assertThat(imagesOf(2)).hasSize(3);
        String keysBefore = keys();
        assertThat(keysBefore).isEqualTo("new newest replaced stays");

        restore(scratch.resolve("backup"));
        Eventually.holds(FleetInProcess.WITHIN, () -> {
            String hosts = done("hosts");
            assertThat(hosts).contains("spillway restored")
                    .containsPattern("host-1 .*has seen generation")
                    .containsPattern("host-2 .*has seen generation");
        });
        assertThat(content("new", 1)).as("a refused host serves what it holds").isEqualTo("new after");
        assertThat(done("restored", "--yes")).contains("epoch").contains("generations go on behind");

        FleetInProcess.awaitReady(fleet.workerUrl(1));
        FleetInProcess.awaitReady(fleet.workerUrl(2));
        Eventually.holds(FleetInProcess.WITHIN, () -> {
            assertThat(keys()).isEqualTo(keysBefore);
            assertThat(done("evictions", "--state", "open").lines()).hasSize(1);
            assertThat(done("hosts", "host-1")).containsPattern("replicas registered +1,").containsPattern("attention +-");
            assertThat(done("hosts", "host-2")).containsPattern("replicas registered +3,").containsPattern("attention +-");
            assertThat(imagesOf(1)).hasSize(1);
            assertThat(imagesOf(2)).hasSize(3);
        });
        assertThat(contentsOf(2)).containsExactlyInAnyOrder("newest after", "replaced after", "stays before");
        put("last", "after", 1);
        assertThat(keys()).as("none but the oldest went").isEqualTo("last new newest replaced");
        assertThat(content("new", 1)).isEqualTo("new after");
        assertThat(content("newest", 2)).isEqualTo("newest after");
        assertThat(content("replaced", 2)).isEqualTo("replaced after");
    }

    private void backUp(Path copy) throws Exception {
        fleet.stopCoordinator();
        fleet.stopPostgres();
        copy(scratch.resolve("postgres"), copy);
        fleet.startPostgres();
        fleet.startCoordinator();
        FleetInProcess.awaitReady(fleet.workerUrl(1));
        FleetInProcess.awaitReady(fleet.workerUrl(2));
    }

    private void restore(Path copy) throws Exception {
        fleet.stopCoordinator();
        fleet.stopPostgres();
        Files.move(scratch.resolve("postgres"), scratch.resolve("crashed"));
        copy(copy, scratch.resolve("postgres"));
        fleet.startPostgres();
        fleet.startCoordinator();
    }

    private static void copy(Path from, Path to) throws Exception {
        Process copying = new ProcessBuilder("cp", "-a", from.toString(), to.toString()).inheritIO().start();
        assertThat(copying.waitFor()).isZero();
    }

    private void put(String key, String when, int host) throws Exception {
        Path tree = Files.createDirectories(scratch.resolve("trees").resolve(key + "-" + when));
        Files.writeString(tree.resolve("file"), key + " " + when);
        done("put", "images", key, tree.toString(), "--worker", "host-" + host);
    }

    private String content(String key, int host) throws Exception {
        String path = done("get", "images", key, "--worker", fleet.workerUrl(host)).strip();
        return Files.readString(Path.of(path).resolve("file"));
    }

    private List<String> contentsOf(int host) throws Exception {
        List<String> contents = new ArrayList<>();
        for (Path image : imagesOf(host)) {
            contents.add(Files.readString(image.resolve("file")));
        }
        return contents;
    }

    private String keys() {
        List<String> keys = new ArrayList<>();
        done("ls", "images").lines().skip(1).forEach(line -> keys.add(line.substring(0, line.indexOf(' '))));
        keys.sort(null);
        return String.join(" ", keys);
    }

    private List<Path> imagesOf(int host) throws Exception {
        try (Stream<Path> images = Files.list(fleet.images(host))) {
            return images.toList();
        }
    }

    private String done(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--url", fleet.url()));
        Spillway.Ran ran = Spillway.run(all.toArray(String[]::new));
        assertThat(ran.exitCode()).as(all + ": " + ran).isZero();
        return ran.out();
    }
}
