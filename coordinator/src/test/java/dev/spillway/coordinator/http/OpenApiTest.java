package dev.spillway.coordinator.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.spillway.api.CommonApi;
import dev.spillway.api.CoordinatorApi;
import dev.spillway.coordinator.TroubledRegistry;
import dev.spillway.events.protocol.JoinRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.service.http.Endpoint;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The description of the paths is what is served, no more and no less. */
class OpenApiTest {
    private ServedRegistry http;
    private JsonNode description;

    @BeforeEach
    void serve() throws Exception {
        http = new ServedRegistry();
        var served = http.get("/openapi.yaml").is(200);
        assertThat(served.response.headers().firstValue("Content-Type")).hasValue("application/yaml");
        description = new YAMLMapper().readTree(served.response.body());
    }

    @AfterEach
    void close() {
        http.close();
    }

    @Test
    void everyRouteIsDescribedWithItsQueryAndNothingElseIs() {
        var routes = new TreeMap<String, Set<String>>();
        for (Endpoint route : CoordinatorRoutes.of(
                http.registry,
                new Backlog(() -> 0, 1),
                new Usage(http.usage, () -> {}),
                ServedRegistry.SECRET,
                http.now::get)) {
            routes.put(route.operation().toString(), new TreeSet<>(route.operation().query()));
        }
        // Their store is beside the registry.
        CoordinatorApi.all()
                .stream()
                .filter(operation -> operation.template().startsWith("/v1/tokens") || operation.equals(CoordinatorApi.GET_IDENTITY))
                .forEach(operation -> routes.put(operation.toString(), new TreeSet<>(operation.query())));
        CommonApi.all().forEach(operation -> routes.put(operation.toString(), new TreeSet<>(operation.query())));
        var described = new TreeMap<String, Set<String>>();
        description.path("paths")
                .properties()
                .forEach(
                        path -> path.getValue()
                                .properties()
                                .stream()
                                .filter(verb -> !verb.getKey().equals("parameters"))
                                .forEach(
                                        verb -> described.put(
                                                verb.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey(),
                                                queryOf(verb.getValue()))));
        assertThat(described).isEqualTo(routes);
    }

    @Test
    void everyReferenceLeadsSomewhereAndEveryOperationHasANameOfItsOwn() {
        assertThat(description.path("openapi").asText()).startsWith("3.1");
        var names = new ArrayList<String>();
        description.path("paths").findValues("operationId").forEach(name -> names.add(name.asText()));
        assertThat(new HashSet<>(names)).hasSameSizeAs(names);
        description.findValues("$ref")
                .forEach(
                        reference -> assertThat(description.at(reference.asText().substring(1)).isMissingNode())
                                .as(reference.asText())
                                .isFalse());
    }

    @Test
    void answersAreAsTheyAreDescribed() throws Exception {
        conforms("NamespaceSet", http.put("/v1/namespaces/vm", "{\"maxEntries\":1,\"maxBytes\":1000000}").tree());
        Sender sender = http.join("host-1");
        http.register(sender, http.registration("vm", "a", "sa"));
        http.register(sender, http.registration("vm", "b", "sb"));
        conforms("EntryPut", http.put("/v1/namespaces/vm/entries/c", "{\"snapshotId\":\"s\",\"labels\":{\"a\":\"b\"}}").tree());
        conforms("Entry", http.get("/v1/namespaces/vm/entries/c").tree());
        conforms("Namespace", http.get("/v1/namespaces/vm").tree());
        conforms("Host", http.get("/v1/hosts/host-1").tree());
        Sender retired = http.join("host-2");
        http.delete("/v1/hosts/host-2").is(200);
        http.worker(
                retired.hostId(),
                "join",
                new JoinRequest(
                        retired.hostId(),
                        retired.storeId(),
                        "127.0.0.1:7081",
                        List.of(1),
                        new JoinRequest.WorkerProcess(UUID.randomUUID(), false)))
                .is(200);
        JsonNode refusals = http.get("/v1/refusals").tree().path("items");
        assertThat(refusals).hasSize(1);
        conforms("JoinRefusal", refusals.get(0));
        http.post("/v1/hosts/host-1/drain").is(200);
        conforms("Host", http.get("/v1/hosts/host-1").tree());
        JsonNode orders = http.get("/v1/hosts/host-1/orders").tree().path("items");
        assertThat(orders).hasSize(2);
        orders.forEach(order -> conforms("OpenOrder", order));
        JsonNode evictions = http.get("/v1/evictions").tree().path("items");
        assertThat(evictions).hasSize(2);
        evictions.forEach(eviction -> conforms("Eviction", eviction));
        http.put("/v1/namespaces/vm/entries/c/pin", "{\"reason\":\"r\",\"until\":\"2030-01-01T00:00:00Z\"}");
        http.put("/v1/namespaces/vm/entries/d", "{\"snapshotId\":\"s\"}");
        conforms("Entry", http.get("/v1/namespaces/vm/entries/c").tree());
        JsonNode plan = http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":0,\"idleFor\":\"P1D\",\"dryRun\":true}").is(200).tree();
        conforms("Plan", plan);
        http.get("/v1/namespaces/vm/entries/d");
        conforms("Plan", http.post("/v1/plans/" + plan.path("id").asText() + "/apply").is(200).tree());
        conforms("Logger", http.put("/v1/loggers/dev.spillway", "{\"level\":\"INFO\"}").is(200).tree());
        conforms("Logger", http.put("/v1/loggers/" + CoordinatorRoutes.class.getPackageName(), "{\"level\":null}").is(200).tree());
        JsonNode plans = http.get("/v1/plans").is(200).tree().path("items");
        assertThat(plans).hasSize(1);
        conforms("Plan", plans.get(0));
        conforms("Problem", http.get("/v1/hosts/nobody").tree());
        http.registry.after(1, TroubledRegistry.Trouble.BUSY);
        conforms("Problem", http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":0}").is(503).tree());
    }

    private Set<String> queryOf(JsonNode operation) {
        var names = new TreeSet<String>();
        operation.path("parameters").forEach(parameter -> {
            JsonNode told = parameter.has("$ref") ? description.at(parameter.path("$ref").asText().substring(1)) : parameter;
            if (told.path("in").asText().equals("query")) {
                names.add(told.path("name").asText());
            }
        });
        return names;
    }

    private void conforms(String schema, JsonNode answer) {
        ObjectNode contract = http.json.createObjectNode().put("$ref", "#/components/schemas/" + schema);
        contract.set("components", description.path("components"));
        List<String> violations = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                .getSchema(contract)
                .validate(answer.toString(), InputFormat.JSON)
                .stream()
                .map(Object::toString)
                .toList();
        assertThat(violations).as(answer.toString()).isEmpty();
    }
}
