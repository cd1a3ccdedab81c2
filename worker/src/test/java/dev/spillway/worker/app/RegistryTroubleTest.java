package dev.spillway.worker.app;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.events.HostId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.Report;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.worker.app.RunningWorker.Answer;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.spillway.worker.app.RunningWorker.NOBODY;
import static dev.spillway.worker.app.RunningWorker.entry;
import static dev.spillway.worker.app.RunningWorker.eventually;
import static dev.spillway.worker.app.TestRegistry.name;
import static org.assertj.core.api.Assertions.assertThat;

/** The registry is away, refuses, loses answers, or orders what is not there. */
class RegistryTroubleTest {
    private static final Map<String, String> QUICK =
            Map.of("put-deadline", "3s", "registry-timeout", "3s", "registry-connect-timeout", "3s");

    @TempDir
    private Path folder;
    private final TestRegistry registry = new TestRegistry().namespace("images", 10, null);
    private TestCoordinator coordinator;
    private RunningWorker worker;

    @BeforeEach
    void start() throws Exception {
        coordinator = new TestCoordinator(registry, 0);
        worker = new RunningWorker(folder.resolve("store"), NOBODY + "," + coordinator.address(), QUICK).joined();
    }

    @AfterEach
    void stop() {
        worker.close();
        coordinator.close();
    }

    private Path source() throws IOException {
        Path source = Files.createDirectories(folder.resolve("source"));
        Files.writeString(source.resolve("file"), "x");
        return source;
    }

    private static JsonNode part(Answer ready, String name) {
        for (JsonNode part : ready.body().path("parts")) {
            if (part.path("name").asText().equals(name)) {
                return part;
            }
        }
        throw new AssertionError("no part " + name);
    }

    @Test
    void aHostServesWhatItHoldsWithRegistryAndKafkaAway() throws Exception {
        assertThat(worker.store("k", source()).status()).isEqualTo(200);
        worker.close();
        worker = new RunningWorker(folder.resolve("store"), NOBODY, QUICK);
        Answer found = worker.get(entry("k") + "?hold=PT1M");
        assertThat(found.status()).isEqualTo(200);
        assertThat(Path.of(found.body().path("path").asText(), "file")).hasContent("x");
        assertThat(worker.get("/livez").status()).isEqualTo(200);

        eventually(() -> worker.get("/v1/status").body().has("unreachable"));
        Answer ready = worker.get("/readyz");
        assertThat(ready.status()).isEqualTo(503);
        assertThat(part(ready, "registry").path("ready").asBoolean()).isFalse();
        assertThat(part(ready, "registry").path("why").asText()).contains(NOBODY);
        assertThat(part(ready, "kafka").path("ready").asBoolean()).isFalse();
        assertThat(part(ready, "kafka").path("why").asText())
                .isEqualTo("Kafka at " + NOBODY + ": connection refused; orders come by heartbeat meanwhile");
        assertThat(part(ready, "index").path("ready").asBoolean()).isTrue();

        Answer refused = worker.store("k", source());
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.type()).endsWith(":registry-not-reachable");
        assertThat(worker.get(entry("k") + "?fresh=true").type()).endsWith(":registry-not-reachable");
        assertThat(worker.delete(entry("k")).type()).endsWith(":registry-not-reachable");
        assertThat(worker.area("images")).hasSize(1);
    }

    @Test
    void anOlderCopyOfTheStoreNeverServesWhatWasEvictedSince() throws Exception {
        worker.store("k", source());
        worker.store("l", source());
        worker.close();
        registry.evictedAndConfirmed(name("images", "k"));
        worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), QUICK);
        assertThat(worker.get(entry("k") + "?hold=PT1M").status()).as("the very first request").isEqualTo(404);
        assertThat(worker.get(entry("l")).status()).isEqualTo(200);
        assertThat(worker.get(entry("k") + "/archive").status()).isEqualTo(404);
        assertThat(worker.get("/v1/directories/images/stats").body().path("entryCount").asLong()).isOne();
        assertThat(worker.area("images")).as("an orphan is left until its grace period is over").hasSize(2);
    }

    /** Puts of this test whose outcome was unknown. */
    private int inDoubt;

    /** The answer of a put whose last request had its own answer when the put's time was over. One that had none yet is in doubt, and asked again. */
    private Answer surelyAnswered(Callable<Answer> put) throws Exception {
        List<Answer> answers = new ArrayList<>();
        eventually(() -> {
            answers.add(put.call());
            return !answers.getLast().type().endsWith(":outcome-unknown");
        });
        inDoubt += answers.size() - 1;
        return answers.getLast();
    }

    @Test
    void aPutThatTheRegistrySurelyDidNotTakeLeavesNothing() throws Exception {
        coordinator.unavailable.add("register");
        Answer answer = surelyAnswered(() -> worker.store("k", source()));
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.type()).endsWith(":not-registered");
        assertThat(answer.detail()).contains("nothing was stored");
        // A put in doubt stays until the registry answers.
        eventually(() -> worker.area("images").size() == inDoubt && worker.area("trash").isEmpty());
        Path mine = folder.resolve("mine");
        String body = "{\"sourceDir\":\"" + mine + "\",\"mode\":\"move\"}";
        assertThat(surelyAnswered(() -> {
            Files.createDirectories(mine);
            Files.writeString(mine.resolve("file"), "mine");
            return worker.put(entry("k"), body);
        }).type()).endsWith(":not-registered");
        assertThat(mine.resolve("file")).as("given back before the answer").hasContent("mine");
        coordinator.unavailable.clear();
        assertThat(worker.store("k", source()).status()).isEqualTo(200);
    }

    @Test
    void aPutThatMeetsADrainItsHostDoesNotKnowOfIsGivenBack() throws Exception {
        assertThat(worker.store("k", source()).status()).isEqualTo(200);
        coordinator.stopHeartbeats();
        eventually(() -> worker.get("/v1/status").body().has("unreachable"));
        registry.drain(true);
        Path mine = Files.createDirectories(folder.resolve("mine"));
        Files.writeString(mine.resolve("file"), "mine");
        String body = "{\"sourceDir\":\"" + mine + "\",\"mode\":\"move\"}";
        Answer late = worker.put(entry("l"), body, "Idempotency-Key", "once");
        assertThat(late.status()).isEqualTo(503);
        assertThat(late.type()).endsWith(":host-draining");
        assertThat(late.detail()).contains("which drains");
        assertThat(mine.resolve("file")).as("given back before the answer").hasContent("mine");
        eventually(() -> worker.area("images").size() == 1 && worker.area("trash").isEmpty());
        assertThat(worker.get(entry("l")).status()).isEqualTo(404);
        assertThat(worker.get(entry("k")).status()).isEqualTo(200);

        registry.drain(false);
        coordinator.unavailable.clear();
        eventually(() -> !worker.get("/v1/status").body().path("draining").asBoolean());
        assertThat(worker.put(entry("l"), body, "Idempotency-Key", "once").status()).as("the same request, once it is over").isEqualTo(200);
    }

    @Test
    void aHostThatDrainsTakesNothingServesWhatItHoldsAndTakesPartAgain() throws Exception {
        assertThat(worker.store("k", source()).status()).isEqualTo(200);
        registry.drain(true);
        eventually(() -> worker.get("/v1/status").body().path("draining").asBoolean());
        Answer refused = worker.put(entry("l"), "{\"sourceDir\":\"" + folder.resolve("never-looked-at") + "\"}");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.type()).endsWith(":host-draining");
        assertThat(refused.detail()).contains("host-1", "another host", "spillway drain host-1 --cancel");
        assertThat(worker.put(entry("k"), "{\"sourceDir\":\"" + source() + "\",\"generation\":1}").type()).as("a further copy")
                .endsWith(":host-draining");
        Answer held = worker.get(entry("k") + "?hold=PT1M");
        assertThat(held.status()).isEqualTo(200);
        assertThat(Path.of(held.body().path("path").asText(), "file")).hasContent("x");
        assertThat(worker.get("/readyz").body().path("parts").toString()).as("it is no trouble").doesNotContain("drain");

        worker.close();
        worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), QUICK).joined();
        assertThat(worker.store("l", source()).type()).as("told again at the join").endsWith(":host-draining");
        assertThat(worker.delete(entry("k")).status()).as("for the whole fleet").isEqualTo(200);
        registry.drain(false);
        eventually(() -> !worker.get("/v1/status").body().path("draining").asBoolean());
        assertThat(worker.store("l", source()).status()).isEqualTo(200);
    }

    @Test
    void aPutWhoseAnswerIsLostIsUnknownUntilItIsAskedAgainWithItsKey() throws Exception {
        coordinator.answersLost.add("register");
        coordinator.unavailable.add("resolve");
        Answer unknown = worker.store("k", source(), "Idempotency-Key", "once");
        assertThat(unknown.status()).isEqualTo(504);
        assertThat(unknown.type()).endsWith(":outcome-unknown");
        assertThat(worker.get(entry("k")).status()).as("not served before it is known").isEqualTo(404);
        coordinator.answersLost.clear();
        coordinator.unavailable.clear();
        Answer known = worker.store("k", source(), "Idempotency-Key", "once");
        assertThat(known.status()).isEqualTo(200);
        assertThat(known.body().path("generation").asLong()).isEqualTo(registry.entry(name("images", "k")).orElseThrow().generation());
        assertThat(worker.area("images")).hasSize(1);
    }

    @Test
    void aPutWithTheSameKeyIsCarriedOutOnceAlsoAfterARestartAndAnotherBodyIsRefused() throws Exception {
        Answer first = worker.store("k", source(), "Idempotency-Key", "once");
        assertThat(worker.store("k", source(), "Idempotency-Key", "once").body()).isEqualTo(first.body());
        worker.close();
        worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), QUICK).joined();
        assertThat(worker.store("k", source(), "Idempotency-Key", "once").body()).isEqualTo(first.body());
        Answer other = worker.store("other", source(), "Idempotency-Key", "once");
        assertThat(other.status()).isEqualTo(422);
        assertThat(other.type()).endsWith(":idempotency-key-reused");
        assertThat(worker.area("images")).hasSize(1);
        Answer deletion =
                worker.send(HttpRequest.newBuilder(worker.uri(entry("k"))).header("Idempotency-Key", "once").DELETE().build());
        assertThat(deletion.status()).as("a deletion is not what the key was for").isEqualTo(422);
        assertThat(deletion.type()).endsWith(":idempotency-key-reused");
        assertThat(worker.get(entry("k")).status()).isEqualTo(200);
        CompletableFuture<Answer> one = CompletableFuture.supplyAsync(() -> stored("twice"));
        CompletableFuture<Answer> two = CompletableFuture.supplyAsync(() -> stored("twice"));
        assertThat(one.get().body()).isEqualTo(two.get().body());
    }

    private Answer delete(String key, String idempotencyKey) throws IOException, InterruptedException {
        return worker.send(HttpRequest.newBuilder(worker.uri(entry(key))).header("Idempotency-Key", idempotencyKey).DELETE().build());
    }

    @Test
    void aDeletionAskedAgainWithItsKeyIsAnsweredAsTheFirstWasAndTheKeyIsOfNothingElse() throws Exception {
        worker.store("k", source());
        worker.store("l", source());
        Answer first = delete("k", "once");
        assertThat(first.status()).isEqualTo(200);
        assertThat(worker.store("k", source()).status()).as("a new entry of that key").isEqualTo(200);
        assertThat(delete("k", "once").body()).isEqualTo(first.body());
        assertThat(worker.get(entry("k")).status()).as("what came after it stays").isEqualTo(200);
        worker.close();
        worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), QUICK).joined();
        assertThat(delete("k", "once").body()).as("after a restart").isEqualTo(first.body());
        for (Answer other : List.of(
                worker.store("k", source(), "Idempotency-Key", "once"),
                delete("l", "once"),
                worker.send(
                        HttpRequest.newBuilder(worker.uri(entry("k") + "?ifSnapshot=s"))
                                .header("Idempotency-Key", "once")
                                .DELETE()
                                .build()))) {
            assertThat(other.status()).isEqualTo(422);
            assertThat(other.type()).endsWith(":idempotency-key-reused");
        }
        assertThat(worker.get(entry("k")).status()).isEqualTo(200);
        assertThat(worker.get(entry("l")).status()).isEqualTo(200);
    }

    @Test
    void aDeletionWhoseAnswerIsLostKeepsItsKeyUntilItIsAskedAgain() throws Exception {
        Answer stored = worker.store("k", source());
        coordinator.answersLost.add("delete");
        assertThat(delete("k", "once").type()).endsWith(":outcome-unknown");
        coordinator.answersLost.clear();
        worker.close();
        worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), QUICK).joined();
        coordinator.unavailable.add("delete");
        assertThat(delete("k", "once").status()).as("not asked, and not forgotten").isEqualTo(503);
        coordinator.unavailable.clear();
        assertThat(worker.store("k", source(), "Idempotency-Key", "once").status()).isEqualTo(422);
        Answer known = delete("k", "once");
        assertThat(known.status()).isEqualTo(200);
        assertThat(known.body().path("snapshotId")).isEqualTo(stored.body().path("snapshotId"));
    }

    @Test
    void aDeletionThatWasSurelyNotCarriedOutLeavesItsKey() throws Exception {
        worker.store("k", source());
        coordinator.unavailable.add("delete");
        assertThat(delete("k", "once").status()).isEqualTo(503);
        coordinator.unavailable.clear();
        assertThat(worker.store("l", source(), "Idempotency-Key", "once").status()).isEqualTo(200);
        assertThat(delete("k", "once").status()).isEqualTo(422);
        assertThat(worker.get(entry("k")).status()).isEqualTo(200);
    }

    private Answer stored(String key) {
        try {
            return worker.store(key, source(), "Idempotency-Key", key);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aFencedHostJoinsAgainAndKeepsWhatItHas() throws Exception {
        worker.store("k", source());
        registry.fenceAll();
        eventually(() -> worker.get("/v1/status").body().path("incarnation").asLong() > 1);
        assertThat(worker.store("l", source()).status()).isEqualTo(200);
        assertThat(worker.get(entry("k")).status()).isEqualTo(200);
    }

    @Test
    void aRefusedJoinIsShownWithTheWayOut() throws Exception {
        worker.store("k", source());
        registry.refuseJoin(new JoinAnswer.Refused(JoinAnswer.Reason.OTHER_REGISTRY, "the store belongs to another registry; say readopt"));
        eventually(() -> worker.get("/v1/status").body().path("refusal").asText().endsWith("say readopt"));
        assertThat(part(worker.get("/readyz"), "registry").path("why").asText()).contains("say readopt");
        Answer status = worker.get("/v1/status");
        assertThat(status.body().path("joined").asBoolean()).isFalse();
        assertThat(status.body().path("refusal").asText()).startsWith("OTHER_REGISTRY: ");
        assertThat(worker.get(entry("k")).status()).as("it keeps serving").isEqualTo(200);
        Answer put = worker.store("l", source());
        assertThat(put.status()).isEqualTo(503);
        assertThat(put.type()).endsWith(":registry-refused");
        assertThat(put.detail()).contains("say readopt");
        registry.refuseJoin(null);
        eventually(() -> worker.get("/v1/status").body().path("joined").asBoolean());
    }

    @Test
    void anOrderForAnUnknownReplicaIsAnsweredAbsent() throws Exception {
        ReplicaId unknown = ReplicaId.mint(Instant.now(), RandomGenerator.getDefault());
        registry.orderAbsent(new HostId("host-1"), unknown, name("images", "never"));
        eventually(() -> registry.openOrders() == 0);
        assertThat(registry.reports()).anySatisfy(report -> {
            assertThat(report.replicaId()).isEqualTo(unknown);
            assertThat(report.result()).isEqualTo(Report.Result.ABSENT);
        });
    }

    @Test
    void aTreeThatSomebodyDeletedFromTheDiskIsReportedLostAndNotServed() throws Exception {
        Path path = Path.of(worker.store("k", source()).body().path("path").asText());
        worker.close();
        Files.delete(path.resolve("file"));
        Files.delete(path);
        worker = new RunningWorker(folder.resolve("store"), coordinator.address().toString(), QUICK);
        assertThat(worker.get(entry("k")).status()).isEqualTo(404);
        eventually(() -> registry.rowsOf(new HostId("host-1")) == 0);
    }
}
