package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.KafkaBroker;
import dev.spillway.events.codec.Topics;
import dev.spillway.service.Reachability;
import dev.spillway.service.kafka.KafkaSettings;
import dev.spillway.service.kafka.KafkaTopics;
import dev.spillway.service.settings.HostPort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Readiness names each part of a worker that does not work, and recovers by itself. */
@Timeout(120)
class WorkerReadinessTest {
    @TempDir
    private Path folder;

    private static boolean ran(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor() == 0;
    }

    private static JsonNode part(RunningWorker worker, String name) throws Exception {
        return worker.get("/readyz")
                .body()
                .path("parts")
                .valueStream()
                .filter(part -> part.path("name").asText().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no part " + name));
    }

    private static boolean isReady(RunningWorker worker, String part) throws Exception {
        return part(worker, part).path("ready").asBoolean();
    }

    @Test
    void aStoreThatIsNoLongerWhereItWasIsNotReady() throws Exception {
        String data = folder.resolve("store").toString();
        try (TestCoordinator coordinator = new TestCoordinator(new TestRegistry(), 0);
                RunningWorker worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), Map.of())) {
            eventually(() -> isReady(worker, "store"));
            assumeTrue(ran("mount", "-t", "tmpfs", "tmpfs", data), "skipped: cannot mount");
            try {
                eventually(() -> !isReady(worker, "store"));
                assertThat(part(worker, "store").path("why").asText())
                        .startsWith("store: " + data + " is not the directory that was opened");
                for (String image : List.of(
                        "/v1/directories/ns/entries/key",
                        "/v1/artifacts/ns/" + "0".repeat(64),
                        "/v1/holds",
                        "/v1/pagers")) {
                    RunningWorker.Answer refused = worker.get(image);
                    assertThat(refused.status()).as(image).isEqualTo(503);
                    assertThat(refused.body().path("detail").asText()).contains("is not the directory that was opened");
                }
                assertThat(RunningWorker.names(folder.resolve("store"))).as("nothing is written into what is there instead").isEmpty();
            } finally {
                eventually(() -> ran("umount", data));
            }
            eventually(() -> isReady(worker, "store"));
        }
    }

    @Test
    void aStoreThatTakesNoWritesIsNotReady() throws Exception {
        String data = folder.resolve("store").toString();
        try (TestCoordinator coordinator = new TestCoordinator(new TestRegistry(), 0);
                RunningWorker worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), Map.of())) {
            eventually(() -> isReady(worker, "store"));
            assumeTrue(ran("mount", "--bind", data, data), "skipped: cannot mount");
            try {
                assertThat(ran("mount", "-o", "remount,bind,ro", data)).isTrue();
                eventually(() -> !isReady(worker, "store"));
                assertThat(part(worker, "store").path("why").asText())
                        .isEqualTo("store: " + data + " cannot be written: Read-only file system");
            } finally {
                eventually(() -> ran("umount", data));
            }
            eventually(() -> isReady(worker, "store"));
        }
    }

    @Test
    void ordersThatCannotBeReadAreNotReady() throws Exception {
        try (KafkaBroker broker = KafkaBroker.start(EmbeddedKafkaSettings.temporary());
                TestCoordinator coordinator = new TestCoordinator(new TestRegistry(), 0);
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            topics(broker);
            try (RunningWorker worker = new RunningWorker(
                    folder.resolve("store"),
                    coordinator.address().toString(),
                    Map.of("kafka-servers", broker.bootstrapServers())).joined()) {
                eventually(() -> worker.get("/readyz").status() == 200);
                admin.deleteTopics(List.of(Topics.ORDERS)).all().get();
                eventually(() -> !isReady(worker, "kafka"));
                assertThat(part(worker, "kafka").path("why").asText())
                        .contains("partition 0 of spillway.orders is not there; orders come by heartbeat meanwhile");
                topics(broker);
                eventually(() -> worker.get("/readyz").status() == 200);
            }
        }
    }

    private static void topics(KafkaBroker broker) throws Exception {
        var settings = new KafkaSettings(
                List.of(HostPort.parse(broker.bootstrapServers())),
                "test",
                Duration.ofSeconds(10));
        KafkaTopics.open(
                settings,
                List.of(
                        new KafkaTopics.Topic(Topics.ORDERS, 1, Duration.ofHours(1)),
                        new KafkaTopics.Topic(Topics.REPORTS, 1, Duration.ofHours(1))),
                Reachability.within(Duration.ofSeconds(30))).close();
    }
}
