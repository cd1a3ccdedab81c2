package dev.spillway.worker.app;

import dev.spillway.events.HostId;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static dev.spillway.worker.app.TestRegistry.name;
import static org.assertj.core.api.Assertions.assertThat;

/** A worker whose store belongs to one registry is pointed at another, which has entries of the same names. */
class OtherRegistryTest {
    @TempDir
    private Path folder;
    private final TestRegistry own = new TestRegistry().namespace("images", 10, null);
    private final TestRegistry other = new TestRegistry().namespace("images", 10, null);
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private TestCoordinator ownCoordinator;
    private TestCoordinator otherCoordinator;
    private Path source;
    private List<String> images;
    private PrintStream before;

    @BeforeEach
    void storeOfItsOwnRegistry() throws Exception {
        ownCoordinator = new TestCoordinator(own, 0);
        otherCoordinator = new TestCoordinator(other, 0);
        source = Files.createDirectories(folder.resolve("source"));
        Files.writeString(source.resolve("file"), "mine");
        try (RunningWorker worker = worker(ownCoordinator).joined()) {
            assertThat(worker.store("k", source).status()).isEqualTo(200);
            images = worker.area("images");
        }
        other.putElsewhere(name("images", "k"), new SnapshotId("of-the-other"));
        before = System.err;
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void stop() {
        System.setErr(before);
        otherCoordinator.close();
        ownCoordinator.close();
    }

    private RunningWorker worker(TestCoordinator coordinator) throws Exception {
        return new RunningWorker(folder.resolve("store"), coordinator.address().toString(), Map.of());
    }

    @Test
    void itKeepsAndServesWhatItHasAndSaysWhatIsWrong() throws Exception {
        try (RunningWorker worker = worker(otherCoordinator)) {
            eventually(() -> worker.get("/v1/status").body().has("refusal"));
            Answer found = worker.get(entry("k"));
            assertThat(Path.of(found.body().path("path").asText(), "file")).hasContent("mine");
            assertThat(worker.get("/v1/directories/images/entries").body().path("items")).hasSize(1);
            Answer ready = worker.get("/readyz");
            assertThat(ready.status()).isEqualTo(503);
            assertThat(ready.body().path("parts").findValuesAsText("why"))
                    .anySatisfy(why -> assertThat(why).contains("OTHER_REGISTRY", own.id().toString(), other.id().toString()));
            assertThat(log.toString(StandardCharsets.UTF_8).lines()).anySatisfy(
                    line -> assertThat(line).contains("ERROR", "refuses this host", own.id().toString(), other.id().toString()));
            assertThat(worker.area("images")).isEqualTo(images);
        }
        try (RunningWorker worker = worker(ownCoordinator).joined()) {
            assertThat(worker.get(entry("k")).status()).isEqualTo(200);
            assertThat(own.rowsOf(new HostId("host-1"))).isEqualTo(1);
        }
    }

    @Test
    void nothingIsAskedOfTheOtherRegistryInTheNameOfItsOwn() throws Exception {
        try (RunningWorker worker = worker(otherCoordinator)) {
            eventually(() -> worker.get("/v1/status").body().has("refusal"));
            for (Answer answer : List.of(worker.delete(entry("k")), worker.get(entry("k") + "?fresh=true"), worker.store("l", source))) {
                assertThat(answer.status()).isEqualTo(503);
                assertThat(answer.type()).endsWith(":registry-refused");
                assertThat(answer.detail()).contains("OTHER_REGISTRY", other.id().toString());
            }
            assertThat(other.entry(name("images", "k"))).as("the other fleet's entry").isPresent();
            assertThat(worker.get(entry("k")).status()).isEqualTo(200);
            assertThat(worker.area("images")).isEqualTo(images);
            assertThat(worker.area("staging")).isEmpty();
        }
    }
}
