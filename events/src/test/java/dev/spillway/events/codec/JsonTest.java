package dev.spillway.events.codec;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.spillway.events.EvictionCause;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.RegistryId;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.events.StoreId;
import dev.spillway.events.protocol.HeartbeatAnswer;
import dev.spillway.events.protocol.HeartbeatRequest;
import dev.spillway.events.protocol.HeldReplica;
import dev.spillway.events.protocol.HostFigures;
import dev.spillway.events.protocol.Intervals;
import dev.spillway.events.protocol.JoinAnswer;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.PolicySet;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** JSON is read strictly: nothing is guessed, filled in or passed over where it was not agreed. */
class JsonTest {
    record Policy(String name, long maxEntries, @Nullable Long maxBytes, @Nullable String note, List<String> tags) {}

    record Times(Instant at, Duration interval, EvictionCause cause) {}

    private static final String REGISTRY = "6fa459ea-ee8a-4ca4-894e-db77e160355e";

    private final ObjectMapper strict = Json.strict();
    private final ObjectMapper tolerant = Json.tolerant();

    @Test
    void componentsThatMayBeAbsentMayBeAbsent() throws Exception {
        var policy = new Policy("rootfs", 10, null, null, List.of());
        assertThat(strict.writeValueAsString(policy)).isEqualTo("{\"name\":\"rootfs\",\"maxEntries\":10,\"tags\":[]}");
        assertThat(strict.readValue("{\"name\":\"rootfs\",\"maxEntries\":10,\"tags\":[]}", Policy.class)).isEqualTo(policy);
        assertThat(strict.readValue("{\"name\":\"rootfs\",\"maxEntries\":10,\"maxBytes\":null,\"tags\":[]}", Policy.class))
                .isEqualTo(policy);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "{\"maxEntries\":10,\"tags\":[]}",
                    "{\"name\":null,\"maxEntries\":10,\"tags\":[]}",
                    "{\"name\":\"a\",\"tags\":[]}",
                    "{\"name\":\"a\",\"maxEntries\":null,\"tags\":[]}",
                    "{\"name\":\"a\",\"maxEntries\":1,\"tags\":[null]}",
                    "{\"name\":\"a\",\"maxEntries\":10}"})
    void aRequiredComponentThatIsMissingIsAnError(String body) {
        assertThatThrownBy(() -> strict.readValue(body, Policy.class)).isInstanceOf(JsonMappingException.class);
        assertThatThrownBy(() -> tolerant.readValue(body, Policy.class)).isInstanceOf(JsonMappingException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "{\"name\":5,\"maxEntries\":10,\"tags\":[]}",
                    "{\"name\":\"a\",\"maxEntries\":\"10\",\"tags\":[]}",
                    "{\"name\":\"a\",\"maxEntries\":1.5,\"tags\":[]}",
                    "{\"name\":\"a\",\"maxEntries\":true,\"tags\":[]}",
                    "{\"name\":\"a\",\"maxEntries\":9223372036854775808,\"tags\":[]}",
                    "{\"name\":\"a\",\"maxEntries\":10,\"tags\":\"x\"}",
                    "{\"name\":\"a\",\"maxEntries\":10,\"tags\":[]} {}",
                    "{\"name\":\"a\",\"maxEntries\":10,\"tags\":[]",
                    "{\"name\":true,\"maxEntries\":10,\"tags\":[]}"})
    void nothingIsConvertedOrGuessed(String body) {
        assertThatThrownBy(() -> strict.readValue(body, Policy.class)).isInstanceOf(JsonProcessingException.class);
    }

    @Test
    void anUnknownFieldIsAnErrorForPeopleAndPassedOverAmongOurOwn() throws Exception {
        String body = "{\"name\":\"a\",\"maxEntries\":10,\"tags\":[],\"maxEntires\":10}";
        assertThatThrownBy(() -> strict.readValue(body, Policy.class)).isInstanceOf(JsonMappingException.class)
                .hasMessageContaining("maxEntires");
        assertThat(tolerant.readValue(body, Policy.class).maxEntries()).isEqualTo(10);
    }

    @Test
    void timesAreRfc3339AndDurationsIso8601() throws Exception {
        var times = new Times(Instant.parse("2026-11-21T01:30:00.5Z"), Duration.ofMinutes(10), EvictionCause.IDLE);
        assertThat(strict.writeValueAsString(times))
                .isEqualTo("{\"at\":\"2026-11-21T01:30:00.500Z\",\"interval\":\"PT10M\",\"cause\":\"IDLE\"}");
        assertThat(strict.readValue(strict.writeValueAsString(times), Times.class)).isEqualTo(times);
        assertThatThrownBy(() -> strict.readValue("{\"at\":\"2026-11-21T01:30:00.500Z\",\"interval\":\"PT10M\",\"cause\":2}", Times.class))
                .isInstanceOf(JsonMappingException.class);
    }

    @Test
    void anIdentityInABodyChecksItself() {
        assertThatThrownBy(() -> strict.readValue("\"Not/A/Namespace\"", NamespaceName.class)).isInstanceOf(JsonMappingException.class)
                .hasRootCauseInstanceOf(InvalidValueException.class);
    }

    @Test
    void aSendersMessageKeepsItsHostOnlyOnce() throws Exception {
        var sender = new Sender(new HostId("host-1"), StoreId.parse(REGISTRY), RegistryId.parse(REGISTRY), 1, 7);
        var message = new ResolveRequest(sender, List.of(ReplicaId.parse(REGISTRY)));
        String written = strict.writeValueAsString(message);
        assertThat(written).containsOnlyOnce("host-1");
        assertThat(strict.readValue(written, ResolveRequest.class)).isEqualTo(message);
    }

    @Test
    void aStoreThatNeverJoinedNamesNoRegistry() throws Exception {
        var join = new JoinRequest(
                new HostId("host-1"),
                StoreId.parse(REGISTRY),
                "127.0.0.1:7080",
                List.of(1),
                new JoinRequest.WorkerProcess(UUID.randomUUID(), false));
        assertThat(strict.readValue(strict.writeValueAsString(join), JoinRequest.class)).isEqualTo(join);
    }

    @Test
    void aPolicyOfACoordinatorThatKnowsOneOrderOfEvictionIsRead() throws Exception {
        String told = "{\"version\":3,\"policies\":[{\"namespace\":\"images\",\"backend\":\"DIRECTORY\",\"writeOnce\":false}]}";
        assertThat(tolerant.readValue(told, PolicySet.class).policies())
                .containsExactly(new PolicySet.Entry(new NamespaceName("images"), null));
    }

    @Test
    void aHeartbeatOfAWorkerThatTellsNoHoldsIsReadAndOneThatTellsTooManyIsNot() throws Exception {
        var sender = new Sender(new HostId("host-1"), StoreId.parse(REGISTRY), RegistryId.parse(REGISTRY), 1, 7);
        ObjectNode whole = tolerant.valueToTree(new HeartbeatRequest(sender, HostFigures.NONE, List.of(), 1, 9, List.of()));
        assertThat(tolerant.treeToValue(whole, HeartbeatRequest.class).held()).isEmpty();
        assertThat(tolerant.treeToValue(whole.deepCopy().without("held"), HeartbeatRequest.class).held()).isNull();
        ObjectNode held = tolerant.valueToTree(new HeldReplica(ReplicaId.parse(REGISTRY), 1, 1));
        for (int i = 0; i <= HeartbeatRequest.HELD_MAX; i++) {
            whole.withArray("held").add(held);
        }
        assertThatThrownBy(() -> tolerant.treeToValue(whole, HeartbeatRequest.class)).hasMessageContaining("1000 replicas or fewer");
    }

    @Test
    void aMessageThatLacksAComponentIsNotRead() throws Exception {
        var join = new JoinRequest(
                new HostId("host-1"),
                StoreId.parse(REGISTRY),
                "127.0.0.1:7080",
                List.of(1),
                null,
                0,
                0,
                new JoinRequest.WorkerProcess(UUID.fromString(REGISTRY), true),
                7);
        var intervals = new Intervals(Duration.ofSeconds(5), Duration.ofMinutes(10));
        var sender = new Sender(new HostId("host-1"), StoreId.parse(REGISTRY), RegistryId.parse(REGISTRY), 1, 7);
        for (Map.Entry<Object, List<String>> told : Map.<Object, List<String>>of(
                join,
                List.of("process", "incarnation", "epoch"),
                new HeartbeatRequest(sender, HostFigures.NONE, List.of(), 1, 9),
                List.of("highestGeneration", "policyVersion"),
                new HeartbeatAnswer(List.of(), List.of(), 3, null, false, intervals, true),
                List.of("intervals", "draining", "reconcile"),
                new JoinAnswer.Joined(RegistryId.parse(REGISTRY), 1, 2, 3, false, new PolicySet(1, List.of()), intervals, true, false),
                List.of("draining", "readopt", "intervals")).entrySet()) {
            ObjectNode whole = tolerant.valueToTree(told.getKey());
            assertThat(tolerant.treeToValue(whole, told.getKey().getClass())).isEqualTo(told.getKey());
            for (String component : told.getValue()) {
                assertThatThrownBy(() -> tolerant.treeToValue(whole.deepCopy().without(component), told.getKey().getClass()))
                        .as(component)
                        .isInstanceOf(JsonMappingException.class)
                        .hasMessageContaining(component);
            }
        }
    }

    @Test
    void outcomesAreToldApartByTheirName() throws Exception {
        var id = ReplicaId.parse(REGISTRY);
        var outcomes = new ReplicaOutcomes(
                List.of(
                        new ReplicaOutcome.Registered(id, new SnapshotId("s"), 3, List.of()),
                        new ReplicaOutcome.Refused(id, ReplicaOutcome.Reason.TOO_LARGE, "why"),
                        new ReplicaOutcome.Gone(id),
                        new ReplicaOutcome.Ended(id)));
        String written = tolerant.writeValueAsString(outcomes);
        assertThat(written).contains(
                "\"outcome\":\"REGISTERED\"",
                "\"outcome\":\"REFUSED\"",
                "\"outcome\":\"GONE\"",
                "\"outcome\":\"ENDED\"");
        assertThat(tolerant.readValue(written, ReplicaOutcomes.class)).isEqualTo(outcomes);
        JoinAnswer refused = new JoinAnswer.Refused(JoinAnswer.Reason.RETIRED, "readmit it");
        assertThat(tolerant.readValue(tolerant.writeValueAsString(refused), JoinAnswer.class)).isEqualTo(refused);
    }

    @Test
    void aListOfItemsWithoutTheirPartsIsRefused() {
        assertThatThrownBy(() -> strict.readValue("{\"items\":[]}", RegisterRequest.class)).isInstanceOf(JsonMappingException.class)
                .hasMessageContaining("sender");
    }
}
