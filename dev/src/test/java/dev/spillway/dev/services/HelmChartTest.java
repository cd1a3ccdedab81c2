package dev.spillway.dev.services;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import dev.spillway.coordinator.app.CoordinatorSettings;
import dev.spillway.service.settings.Settings;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.service.settings.SettingsException;
import dev.spillway.service.settings.Sources;
import dev.spillway.testservers.Certificate;
import dev.spillway.testservers.CertificateAuthority;
import dev.spillway.worker.app.WorkerSettings;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1DaemonSet;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** The Helm chart, rendered by Helm itself and compared with the models that are generated from Kubernetes' API. */
class HelmChartTest {
    private static final Path CHART = Path.of("../config/helm/spillway").toAbsolutePath().normalize();
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final Pattern FILES = Pattern.compile("(?m)^([a-z-]+) = (.*/run/secrets/.+)$");

    private static final String SERVERS = """
            database: {url: "jdbc:postgresql://postgresql:5432/spillway"}
            kafka: {servers: "kafka-0.kafka:9092,kafka-1.kafka:9092"}
            """;
    private static final String PLAIN = SERVERS + "plainHttp: true\n";
    private static final String FULL = SERVERS + """
            tls: {coordinatorSecret: coordinator-tls, workerSecret: worker-tls, authoritySecret: authority}
            image: {repository: images.example/spillway, tag: "1", pullSecrets: [pull]}
            coordinator:
              replicas: 3
              settings: {open-orders-max: 2000000, log-format: text}
              jvmOptions: -Xmx1g
              nodeSelector: {disk: fast}
              tolerations: [{key: dedicated, operator: Exists}]
            worker:
              sources: [{path: /srv/images, readOnly: true}, {path: /srv/more}]
              settings: {ignore-trusted: false}
              jvmOptions: -Xmx1g
              nodeSelector: {disk: fast}
              tolerations: [{key: dedicated, operator: Exists}]
            """;
    private static final String ASKING_SERVERS =
            """
                    database: {url: "jdbc:postgresql://db:5432/spillway?sslmode=verify-full&sslrootcert=/run/secrets/spillway/files/postgres-ca.crt"}
                    kafka: {servers: "kafka-0.kafka:9093"}
                    tls: {coordinatorSecret: coordinator-tls, workerSecret: worker-tls, authoritySecret: authority}
                    coordinator:
                      secrets:
                        kafka-client-properties: {secret: kafka, key: coordinator.properties}
                        tls-client-ca: {secret: authority, key: ca.crt}
                      files:
                        postgres-ca.crt: {secret: postgresql, key: ca.crt}
                        kafka-ca.crt: {secret: kafka, key: ca.crt}
                      settings: {otlp-endpoint: "http://collector:4318"}
                    worker:
                      secrets:
                        kafka-client-properties: {secret: kafka, key: worker.properties}
                        tls-client-ca: {secret: authority, key: ca.crt}
                      files: {kafka-ca.crt: {secret: kafka, key: ca.crt}}
                      settings: {otlp-endpoint: "https://traces.example"}
                    """;
    static final List<String> VALUES = List.of(PLAIN, FULL, ASKING_SERVERS);

    @TempDir
    Path folder;

    /** Refuses fields that Kubernetes does not know, and the lack of those that it requires. */
    private interface Model {
        void require(JsonElement object) throws IOException;
    }

    private static final Map<String, Model> MODELS = Map.of(
            "ConfigMap",
            V1ConfigMap::validateJsonElement,
            "DaemonSet",
            V1DaemonSet::validateJsonElement,
            "Deployment",
            V1Deployment::validateJsonElement,
            "NetworkPolicy",
            V1NetworkPolicy::validateJsonElement,
            "PodDisruptionBudget",
            V1PodDisruptionBudget::validateJsonElement,
            "Service",
            V1Service::validateJsonElement);

    @Test
    void helmFindsNothingToSayAgainstTheChart() {
        LintResult result = new Helm(CHART).lint().strict().call();
        assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
    }

    @ParameterizedTest
    @FieldSource("VALUES")
    void everyObjectIsOneThatKubernetesTakes(String values) throws IOException {
        List<JsonNode> objects = render(values);
        assertThat(objects).extracting(object -> object.path("kind").asText())
                .containsExactlyInAnyOrder(
                        "ConfigMap",
                        "ConfigMap",
                        "Deployment",
                        "DaemonSet",
                        "Service",
                        "Service",
                        "Service",
                        "PodDisruptionBudget",
                        "NetworkPolicy",
                        "NetworkPolicy");
        for (JsonNode object : objects) {
            assertThatCode(() -> require(object.toString())).as(object.toPrettyString()).doesNotThrowAnyException();
        }
    }

    @Test
    void aMistypedFieldOfAContainerIsNoticed() throws IOException {
        String deployment = one("Deployment", render(PLAIN)).toString();
        assertThatThrownBy(() -> require(deployment.replace("readOnlyRootFilesystem", "readonlyRootFilesystem")))
                .hasMessageContaining("readonlyRootFilesystem");
    }

    @ParameterizedTest
    @FieldSource("VALUES")
    void theServicesTakeTheSettingsOfTheirContainers(String values) throws IOException, InterruptedException, SettingsException {
        List<JsonNode> objects = render(values);
        Settings coordinator = settings("coordinator", CoordinatorSettings.DECLARATION, one("Deployment", objects), objects);
        Settings worker = settings("worker", WorkerSettings.DECLARATION, one("DaemonSet", objects), objects);
        assertThat(CoordinatorSettings.from(coordinator).security().tls().isPresent()).isEqualTo(!values.equals(PLAIN));
        assertThat(CoordinatorSettings.from(coordinator).openOrdersMax()).isEqualTo(values.equals(FULL) ? 2_000_000 : 1_000_000);
        assertThat(WorkerSettings.from(worker).hostId()).hasToString("node-1");
        assertThat(WorkerSettings.from(worker).ignoreTrusted()).isEqualTo(!values.equals(FULL));
    }

    @Test
    void whatKafkaAndPostgresqlAskForIsGivenAndMounted() throws IOException, InterruptedException, SettingsException {
        List<JsonNode> objects = render(ASKING_SERVERS);
        Settings coordinator = settings("coordinator", CoordinatorSettings.DECLARATION, one("Deployment", objects), objects);
        Settings worker = settings("worker", WorkerSettings.DECLARATION, one("DaemonSet", objects), objects);
        for (Settings each : List.of(coordinator, worker)) {
            assertThat(each.print()).containsPattern("(?m)^kafka-client-properties += .*/run/secrets/spillway/kafka-client-properties  ")
                    .containsPattern("(?m)^tls-client-ca += .*/run/secrets/spillway/tls-client-ca  ");
        }
        assertThat(mounted(one("Deployment", objects))).contains(
                "/run/secrets/spillway/kafka-client-properties",
                "/run/secrets/spillway/tls-client-ca",
                "/run/secrets/spillway/files/postgres-ca.crt",
                "/run/secrets/spillway/files/kafka-ca.crt",
                "/run/secrets/spillway/database-password",
                "/run/secrets/spillway/tokens");
        assertThat(mounted(one("DaemonSet", objects))).contains(
                "/run/secrets/spillway/kafka-client-properties",
                "/run/secrets/spillway/tls-client-ca",
                "/run/secrets/spillway/files/kafka-ca.crt",
                "/run/secrets/spillway/peer-token");
    }

    /** Returns the files of Secrets as the container of a controller sees them. */
    private static List<String> mounted(JsonNode controller) {
        JsonNode pod = controller.at("/spec/template/spec");
        List<String> files = new ArrayList<>();
        for (JsonNode mount : pod.at("/containers/0/volumeMounts")) {
            for (JsonNode volume : pod.path("volumes")) {
                if (volume.path("name").equals(mount.path("name"))) {
                    volume.at("/projected/sources")
                            .forEach(
                                    source -> source.at("/secret/items")
                                            .forEach(
                                                    item -> files
                                                            .add(mount.path("mountPath").asText() + "/" + item.path("path").asText())));
                }
            }
        }
        return files;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            coordinator: {settings: {otlp-endpoint: 'http://collector:4318'}}                                    | 4318 |
            worker: {settings: {otlp-endpoint: 'https://traces.example/x'}}                                      |      | 443
            worker: {settings: {otlp-endpoint: 'http://traces.example'}}                                         |      | 80
            {worker: {settings: {otlp-endpoint: 'http://collector:80'}}, networkPolicy: {otlpPort: 4318}}        |      | 4318
            networkPolicy: {otlpPort: 4318}                                                                      |      |
            """)
    void aWayLeadsToWhatCollectsTraces(String values, @Nullable Integer ofCoordinator, @Nullable Integer ofWorker) throws IOException {
        Map<String, Object> given = new HashMap<>(YAML.readValue(PLAIN, new TypeReference<Map<String, Object>>() {}));
        given.putAll(YAML.readValue(values, new TypeReference<Map<String, Object>>() {}));
        List<JsonNode> objects = render(YAML.writeValueAsString(given));
        assertThat(egress(objects, "fleet-coordinator")).isEqualTo(with(List.of("53", "53", "5432", "9092"), ofCoordinator));
        assertThat(egress(objects, "fleet-worker")).isEqualTo(with(List.of("53", "53", "9092", "7070", "7080"), ofWorker));
    }

    private static List<String> with(List<String> ports, @Nullable Integer port) {
        return Stream.concat(ports.stream(), Stream.ofNullable(port).map(String::valueOf)).toList();
    }

    private static List<String> egress(List<JsonNode> objects, String name) {
        List<String> ports = new ArrayList<>();
        objects.stream()
                .filter(object -> object.path("kind").asText().equals("NetworkPolicy") && object.at("/metadata/name").asText().equals(name))
                .forEach(
                        policy -> policy.at("/spec/egress")
                                .forEach(way -> way.path("ports").forEach(port -> ports.add(port.path("port").asText()))));
        return ports;
    }

    @ParameterizedTest
    @FieldSource("VALUES")
    void aContainerMayDoNoMoreThanItNeeds(String values) throws IOException {
        for (JsonNode pod : pods(render(values))) {
            assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
            assertThat(pod.at("/securityContext/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
            assertThat(pod.path("automountServiceAccountToken").asBoolean(true)).isFalse();
            assertThat(pod.path("enableServiceLinks").asBoolean(true)).as("variables that are no settings").isFalse();
            assertThat(pod.path("containers")).hasSize(1);
            JsonNode security = pod.at("/containers/0/securityContext");
            assertThat(security.path("readOnlyRootFilesystem").asBoolean()).isTrue();
            assertThat(security.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
            assertThat(security.at("/capabilities/drop")).extracting(JsonNode::asText).containsExactly("ALL");
        }
    }

    @ParameterizedTest
    @FieldSource("VALUES")
    void aPodIsProbedBoundedAndStoppedInOrder(String values) throws IOException {
        String scheme = values.equals(PLAIN) ? "HTTP" : "HTTPS";
        for (JsonNode pod : pods(render(values))) {
            JsonNode container = pod.at("/containers/0");
            assertThat(
                    Stream.of("startupProbe", "livenessProbe", "readinessProbe")
                            .map(probe -> container.path(probe).path("httpGet"))
                            .map(probe -> probe.path("scheme").asText() + probe.path("path").asText()))
                    .containsExactly(scheme + "/livez", scheme + "/livez", scheme + "/readyz");
            assertThat(container.at("/resources/requests").fieldNames()).toIterable().contains("cpu", "memory");
            assertThat(container.at("/resources/limits").fieldNames()).toIterable().contains("memory");
            assertThat(container.at("/lifecycle/preStop/exec/command")).extracting(JsonNode::asText).containsExactly("sleep", "5");
            assertThat(Duration.ofSeconds(pod.path("terminationGracePeriodSeconds").asLong()).minusSeconds(5))
                    .isGreaterThan(ServiceCommand.CLOSE_WITHIN);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {kafka: {servers: 'kafka:9092'}, plainHttp: true}     | database.url: none (expected: jdbc:postgresql://host:port/database)
            database: {url: 'jdbc:postgresql://db/x'}             | kafka.servers: none (expected: host:port,host:port)
            database: {url: 'mysql://db/x'}                       | at '/database/url': 'mysql://db/x' does not match
            kafka: {server: 'kafka:9092'}                         | additional properties 'server' not allowed
            coordinator: {settings: {heartbeat: [5s]}}            | at '/coordinator/settings/heartbeat': got array
            """)
    void whatIsMissingOrWrongIsNamed(String values, String message) {
        assertThatThrownBy(() -> render(values)).hasMessageContaining(message);
    }

    @Test
    void aNetworkThatOthersReadIsChosenByName() {
        assertThatThrownBy(() -> render(SERVERS))
                .hasMessageContaining("Secret: none (expected: a Secret of type kubernetes.io/tls; or plainHttp");
        assertThatThrownBy(() -> render(SERVERS + "tls: {coordinatorSecret: c, workerSecret: w}"))
                .hasMessageContaining("tls.authoritySecret: none");
    }

    private List<JsonNode> render(String values) throws IOException {
        Path file = Files.writeString(folder.resolve("values.yaml"), values);
        TemplateCommand helm = new Helm(CHART).template().withName("fleet").withNamespace("caches").withKubeVersion("1.33.0");
        try (MappingIterator<JsonNode> objects = YAML.readerFor(JsonNode.class).readValues(helm.withValuesFile(file).call())) {
            return objects.readAll();
        }
    }

    private static void require(String object) throws IOException {
        JsonElement parsed = JsonParser.parseString(object);
        String kind = parsed.getAsJsonObject().get("kind").getAsString();
        Objects.requireNonNull(MODELS.get(kind), kind).require(parsed);
    }

    private static JsonNode one(String kind, List<JsonNode> objects) {
        List<JsonNode> found = objects.stream().filter(object -> object.path("kind").asText().equals(kind)).toList();
        assertThat(found).as(kind).hasSize(1);
        return found.getFirst();
    }

    private static List<JsonNode> pods(List<JsonNode> objects) {
        return Stream.of("Deployment", "DaemonSet").map(kind -> one(kind, objects).at("/spec/template/spec")).toList();
    }

    /** Reads what a container would be told, with a file in the place of each one that Kubernetes would mount. */
    private Settings settings(String service, SettingsDeclaration declaration, JsonNode controller, List<JsonNode> objects)
            throws IOException, InterruptedException, SettingsException {
        String text = objects.stream()
                .map(object -> object.path("data").path(service + ".properties").asText())
                .filter(data -> !data.isEmpty())
                .findFirst()
                .orElseThrow()
                .replace("/run/secrets", folder.resolve("run/secrets").toString());
        CertificateAuthority authority = CertificateAuthority.make(folder, "authority-" + service);
        Certificate certificate = authority.sign(folder, "certificate-" + service);
        for (Matcher file = FILES.matcher(text); file.find();) {
            Path secret = Path.of(file.group(2));
            Files.createDirectories(secret.getParent());
            Files.writeString(secret, switch (file.group(1)) {
                case "kafka-client-properties" -> "security.protocol=SSL";
                case "tokens-file" -> "ops operator " + "0".repeat(64);
                case "tls-ca", "tls-client-ca" -> Files.readString(authority.certificate());
                case "tls-certificate" -> Files.readString(certificate.certificate());
                case "tls-key" -> Files.readString(certificate.key());
                default -> "secret";
            });
        }
        JsonNode container = controller.at("/spec/template/spec/containers/0");
        assertThat(container.path("args")).extracting(JsonNode::asText).containsExactly(service);
        Map<String, String> environment = new HashMap<>();
        container.path("env")
                .forEach(
                        variable -> environment.put(
                                variable.path("name").asText(),
                                variable.path("value").asText("node-1").replace("$(POD_IP)", "10.0.0.1")));
        // config/container/spillway takes it away.
        environment.remove("SPILLWAY_JVM_OPTIONS");
        assertThat(environment).containsEntry("SPILLWAY_CONFIG", "/etc/spillway/%s.properties".formatted(service));
        environment.put("SPILLWAY_CONFIG", Files.writeString(folder.resolve(service + ".properties"), text).toString());
        return declaration.read(new Sources(List.of(), environment));
    }
}
