package dev.spillway.coordinator.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.body.Entries;
import dev.spillway.api.body.Hosts;
import dev.spillway.api.body.RegistryStatus;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.Readoption;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Sender;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Saying that the database was restored, and what hosts then tell. */
class RestoredOverHttpTest extends OverHttp {
    private static final String RESTORED = "/v1/registry/restored";

    RestoredOverHttpTest() {
        super(10);
    }

    @Test
    void itIsSaidInTheEpochThatItIsSaidOf() throws Exception {
        var before = http.get("/v1/registry").is(200).as(RegistryStatus.class);
        assertThat(before).isEqualTo(new RegistryStatus(ServedRegistry.REGISTRY, 1, 0, null, 0, null));
        http.post(RESTORED, "{\"epoch\":7}")
                .isProblem(409, "other-epoch", "epoch: 7 (expected: 1; somebody may have said already that the database was restored)");
        http.post(RESTORED, "{}").is(400);
        http.post(RESTORED, "{\"epoch\":1,\"sure\":true}").is(400);
        JsonNode restored = http.post(RESTORED, "{\"epoch\":1}", "Idempotency-Key", "k").is(200).tree();
        long epoch = ServedRegistry.START.toEpochMilli() * 1_000;
        assertThat(restored.path("epoch").asLong()).isEqualTo(epoch);
        assertThat(restored.path("generation").asLong()).isEqualTo(epoch);
        assertThat(http.post(RESTORED, "{\"epoch\":1}", "Idempotency-Key", "k").is(200).tree()).as("again").isEqualTo(restored);
        http.post(RESTORED, "{\"epoch\":1}").is(409);
        assertThat(http.get("/v1/registry").is(200).as(RegistryStatus.class))
                .isEqualTo(new RegistryStatus(ServedRegistry.REGISTRY, epoch, epoch, ServedRegistry.START, 0, null));
    }

    @Test
    void aRefusedHostIsShownWithWhatToDo() throws Exception {
        Sender sender = http.join("host-1");
        JoinAnswer refused = http
                .worker(
                        sender.hostId(),
                        "join",
                        new JoinRequest(
                                sender.hostId(),
                                sender.storeId(),
                                "127.0.0.1:7080",
                                List.of(1),
                                ServedRegistry.REGISTRY,
                                1,
                                50,
                                new JoinRequest.WorkerProcess(UUID.randomUUID(), false),
                                1))
                .is(200)
                .as(JoinAnswer.class);
        assertThat(((JoinAnswer.Refused) refused).reason()).isEqualTo(JoinAnswer.Reason.REGISTRY_BEHIND);
        assertThat(http.get("/v1/hosts/host-1").as(Hosts.Host.class).attention()).contains("generation 50", "spillway restored");
        assertThat(http.get("/v1/registry").as(RegistryStatus.class).behind()).isEqualTo(new RegistryStatus.Behind(50, 1));
    }

    @Test
    void aHostTellsWhatItHoldsAndIsShownUntilItHas() throws Exception {
        Sender before = http.join("host-1");
        Registration held = http.registration("vm", "a", "sa");
        long generation = ((ReplicaOutcome.Registered) http.register(before, held)).generation();
        http.pass(Duration.ofSeconds(1));
        http.post(RESTORED, "{\"epoch\":1}").is(200);
        assertThat(
                http.worker(before.hostId(), "heartbeat", new HeartbeatRequest(before, HostFigures.NONE, List.of(), 0, 0))
                        .is(409)
                        .tree()
                        .path("detail")
                        .asText())
                .contains("epoch");
        assertThat(http.get("/v1/hosts/host-1").as(Hosts.Host.class).attention()).contains("has not told");
        assertThat(http.get("/v1/registry").as(RegistryStatus.class).hostsUnheard()).isEqualTo(1);

        Sender sender = http.rejoin(before, generation);
        Readoption item = http.readoption(held, generation, true);
        assertThat(
                http.worker(sender.hostId(), "readopt", new ReadoptRequest(sender, List.of(item), true))
                        .is(200)
                        .as(ReplicaOutcomes.class)
                        .outcomes())
                .containsExactly(new ReplicaOutcome.Registered(item.replicaId(), held.snapshotId(), generation, List.of()));
        assertThat(http.get("/v1/hosts/host-1").as(Hosts.Host.class).attention()).isNull();
        assertThat(http.get("/v1/namespaces/vm/entries/a").as(Entries.Entry.class).generation()).isEqualTo(generation);
    }
}
