package dev.spillway.dev.fleet;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Operation;
import dev.spillway.api.Role;
import dev.spillway.service.identity.AccessToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** A fleet of two hosts that asks everybody for a token. */
class TokensTest {
    private static final SecureRandom RANDOM = new SecureRandom();

    @TempDir
    private static Path scratch;
    private static FleetInProcess fleet;
    private static String operator;
    private static String ofHost2;

    @BeforeAll
    static void start() throws Exception {
        operator = token("operator");
        List<String> lines = new ArrayList<>(List.of("# tokens of a test", "ops operator " + digest("operator")));
        for (int host = 1; host <= 2; host++) {
            token("host-" + host);
            lines.add("worker-%1$d host %2$s host-%1$d".formatted(host, digest("host-" + host)));
        }
        ofHost2 = Files.readString(scratch.resolve("host-2")).strip();
        token("peer");
        lines.add("workers peer " + digest("peer"));
        Files.write(scratch.resolve("tokens"), lines);
        fleet = new FleetInProcess(scratch.resolve("fleet"), 2,
                Map.of("require-tokens", "true", "tokens-file", scratch.resolve("tokens").toString()),
                host -> Map.of("require-tokens", "true", "registry-token-file", scratch.resolve("host-" + host).toString(),
                        "peer-token-file",
                        scratch.resolve("peer").toString()));
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    private static String token(String name) throws IOException {
        String token = AccessToken.mint(RANDOM);
        Files.writeString(scratch.resolve(name), token + "\n");
        return token;
    }

    private static String digest(String name) throws IOException {
        return AccessToken.digest(Files.readString(scratch.resolve(name)).strip());
    }

    private static Spillway.Ran spillway(String... arguments) {
        List<String> all = new ArrayList<>(Arrays.asList(arguments));
        all.addAll(List.of("--url", fleet.url(), "--token-file", scratch.resolve("operator").toString()));
        return Spillway.run(all.toArray(String[]::new));
    }

    private static Http.Answer send(String method, String url, @Nullable Object body, String token)
            throws IOException, InterruptedException {
        return Http.send(method, url, body, Map.of("Authorization", "Bearer " + token));
    }

    @Test
    void aTokenIsMadeUsedOnTwoHostsAndRevokedEverywhere() throws Exception {
        assertThat(Spillway.run("hosts", "--url", fleet.url()).err()).contains("A token is needed");
        assertThat(spillway("namespace", "set", "objects", "--max-entries", "10", "--backend", "artifact").exitCode()).isZero();
        assertThat(spillway("namespace", "set", "others", "--max-entries", "10", "--backend", "artifact").exitCode()).isZero();
        Spillway.Ran made = spillway("token", "create", "builder", "--role", "writer", "--namespaces", "objects");
        assertThat(made.exitCode()).as(made.err()).isZero();
        String builder = made.out().strip();
        assertThat(builder).startsWith("spillway_");
        assertThat(spillway("token", "ls").out()).contains("builder", "writer", "objects", "ops").doesNotContain(builder);

        String artifact = "/v1/artifacts/objects/" + "0".repeat(63) + "1";
        Eventually.holds(Eventually.HANG,
                () -> assertThat(send("PUT", fleet.workerUrl(1) + artifact, "content", builder).status()).isBetween(200, 201));
        Eventually.holds(Eventually.HANG, () -> assertThat(send("GET", fleet.workerUrl(2) + artifact, null, builder).status())
                .as("from the other host")
                .isEqualTo(200));
        assertThat(send("PUT", fleet.workerUrl(1) + artifact.replace("objects", "others"), "content", builder).status()).isEqualTo(403);
        assertThat(send("PUT", fleet.url() + "/v1/namespaces/objects", Map.of("maxEntries", 1), builder).status()).isEqualTo(403);
        assertThat(Http.get(fleet.workerUrl(1) + artifact).status()).isEqualTo(401);
        assertThat(stored()).as("the database").doesNotContain(builder).doesNotContain(operator);

        assertThat(spillway("token", "revoke", "builder").exitCode()).isZero();
        Eventually.holds(Eventually.HANG, () -> {
            assertThat(send("GET", fleet.workerUrl(1) + artifact, null, builder).status()).isEqualTo(401);
            assertThat(send("GET", fleet.workerUrl(2) + artifact, null, builder).status()).isEqualTo(401);
        });
        assertThat(spillway("token", "revoke", "builder").exitCode()).isEqualTo(3);
    }

    @Test
    void theAuditTrailNamesWhoAsked() throws Exception {
        assertThat(spillway("namespace", "set", "named", "--max-entries", "10").exitCode()).isZero();
        String entry = fleet.url() + "/v1/namespaces/named/entries/key";
        for (Map<String, String> header : List.of(Map.<String, String>of(), Map.of("Idempotency-Key", "once"))) {
            assertThat(send("PUT", entry, Map.of("snapshotId", "a".repeat(64), "sizeBytes", 1), operator).status()).isEqualTo(200);
            Map<String, String> headers = new HashMap<>(header);
            headers.put("Authorization", "Bearer " + operator);
            assertThat(Http.send("DELETE", entry, null, headers).status()).isEqualTo(200);
        }
        assertThat(send("GET", fleet.url() + "/v1/evictions?namespace=named", null, operator).json().path("items")).hasSize(2)
                .allSatisfy(eviction -> assertThat(eviction.path("actor").asText()).isEqualTo("client:ops"));
    }

    @Test
    void aHostSpeaksForItselfAlone() throws Exception {
        List<Operation> messages = CoordinatorApi.all().stream().filter(each -> each.template().startsWith("/v1/workers/")).toList();
        assertThat(messages).hasSize(10).allSatisfy(message -> {
            assertThat(message.roles()).isEqualTo(Set.of(Role.HOST));
            String path = message.path("host-1");
            assertThat(send("POST", fleet.url() + path, Map.of(), ofHost2).status()).as(path).isEqualTo(403);
            assertThat(send("POST", fleet.url() + path, Map.of(), operator).status()).as(path).isEqualTo(403);
            assertThat(send("POST", fleet.url() + message.path("host-2"), Map.of(), ofHost2).status()).as("its own: " + path)
                    .isEqualTo(400);
        });
        assertThat(send("DELETE", fleet.url() + "/v1/hosts/host-1", null, ofHost2).status()).isEqualTo(403);
        assertThat(send("GET", fleet.url() + "/v1/tokens", null, ofHost2).status()).isEqualTo(403);
    }

    /** Returns the contents of all tables of the registry as text. */
    private static String stored() throws SQLException {
        StringBuilder all = new StringBuilder();
        try (var connection = fleet.database(); var statement = connection.createStatement()) {
            List<String> tables = new ArrayList<>();
            try (ResultSet names = statement.executeQuery("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")) {
                while (names.next()) {
                    tables.add(names.getString(1));
                }
            }
            assertThat(tables).contains("tokens");
            for (String table : tables) {
                try (ResultSet rows = statement.executeQuery("SELECT t::text FROM " + table + " t")) {
                    while (rows.next()) {
                        all.append(rows.getString(1));
                    }
                }
            }
        }
        return all.toString();
    }

    @Test
    void aTokensFileThatCannotBeReadIsRefusedWithItsLine() throws IOException {
        Path file = Files.writeString(scratch.resolve("bad"), "# none\nops operator 123\n");
        assertThat(Stream.of("ops operator 123", "ops operator " + "0".repeat(64) + " host-1", "w host " + "0".repeat(64),
                "ops king " + "0".repeat(64)))
                .allSatisfy(line -> {
                    Files.writeString(file, "# none\n" + line + "\n");
                    org.assertj.core.api.Assertions.assertThatThrownBy(() -> dev.spillway.coordinator.identity.TokensFile.read(file))
                            .isInstanceOf(IOException.class)
                            .hasMessageContaining("line 2");
                });
    }
}
