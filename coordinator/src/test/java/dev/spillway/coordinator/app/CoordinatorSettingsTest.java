package dev.spillway.coordinator.app;

import dev.spillway.coordinator.postgres.PostgresRegistrySettings.Retention;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.service.logging.LogSettings;
import dev.spillway.service.settings.HostPort;
import dev.spillway.service.settings.SettingsException;
import dev.spillway.service.settings.Sources;
import dev.spillway.testservers.Certificate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class CoordinatorSettingsTest {
    private static final Map<String, String> REQUIRED = Map.of(
            "database-url",
            "jdbc:postgresql://db.example:5432/spillway",
            "database-user",
            "spillway",
            "database-password",
            "hidden1",
            "kafka-servers",
            "kafka.example:9092");

    @TempDir
    private Path folder;

    private static CoordinatorSettings read(Map<String, String> more) throws SettingsException {
        Map<String, String> all = new HashMap<>(REQUIRED);
        all.putAll(more);
        return CoordinatorSettings.read(Sources.of(all));
    }

    @Test
    void whatIsNotSaidIsAsTheProtocolSays() throws Exception {
        CoordinatorSettings settings = read(Map.of());
        assertThat(settings.listen()).isEqualTo(new HostPort("127.0.0.1", 7070));
        assertThat(settings.rules()).isEqualTo(RegistryRules.DEFAULTS);
        assertThat(settings.database().retention()).isEqualTo(Retention.DEFAULTS);
        assertThat(settings.database().commandDeadline()).isEqualTo(Duration.ofSeconds(10));
        assertThat(settings.topics().orders().partitions()).isEqualTo(64);
        assertThat(settings.openOrdersMax()).isEqualTo(1_000_000);
        assertThat(settings.log()).isEqualTo(LogSettings.DEFAULT);
    }

    @Test
    void secretsAreNeverPrinted() throws Exception {
        CoordinatorSettings settings = read(Map.of());
        assertThat(settings.toString()).doesNotContain("hidden1").contains("database-url", "kafka.example:9092", "orders-partitions");
    }

    @Test
    void aPasswordInAnAddressIsRefusedAndNotShown() {
        assertThatThrownBy(() -> read(Map.of("database-url", "jdbc:postgresql://db.example/spillway?password=hidden2")))
                .isInstanceOf(SettingsException.class)
                .hasMessageContainingAll("database-url: ", "without a password")
                .message()
                .doesNotContain("hidden2");
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() {
        assertThatThrownBy(
                () -> CoordinatorSettings.read(
                        new Sources(
                                List.of("--database-url", "mysql://x", "--heartbeats", "5s", "--listen", "7070"),
                                Map.of("SPILLWAY_ORDERS_PARTITIONS", "0"))))
                .isInstanceOf(SettingsException.class)
                .hasMessageContainingAll(
                        "database-url: mysql://x",
                        "heartbeats",
                        "listen: 7070",
                        "orders-partitions: 0",
                        "database-user",
                        "kafka-servers");
    }

    @Test
    void filesThatCannotBeUsedAreListedWithAllOtherProblems() throws Exception {
        Path words = Files.writeString(folder.resolve("words"), "no certificate");
        Path empty = Files.createFile(folder.resolve("empty"));
        Path missing = folder.resolve("missing");
        Path tokens = Files.writeString(folder.resolve("tokens"), "# none\nops operator 123\n");
        assertThatThrownBy(
                () -> read(
                        Map.of(
                                "tls-certificate",
                                words.toString(),
                                "tls-key",
                                missing.toString(),
                                "tls-client-ca",
                                empty.toString(),
                                "tokens-file",
                                tokens.toString(),
                                "native-folder",
                                words.toString(),
                                "order-partitions",
                                "64",
                                "heartbeat",
                                "0s")))
                .isInstanceOf(SettingsException.class)
                .hasMessageContainingAll(
                        "tls-certificate: " + words + ": it ",
                        "tls-key: " + missing + ": it does not exist (expected: ",
                        "tls-client-ca: " + empty + ": it has no certificate (expected: ",
                        "tokens-file: " + tokens + ": line 2 is none (expected: ",
                        "native-folder: " + words + ": it cannot be written (expected: ",
                        "heartbeat: ",
                        "order-partitions");
        assertThatThrownBy(() -> read(Map.of("tokens-file", missing.toString()))).isInstanceOf(SettingsException.class)
                .hasMessageContaining("tokens-file: " + missing + ": it does not exist (expected: ");
        assertThatThrownBy(() -> read(Map.of("tokens-file", folder.toString()))).isInstanceOf(SettingsException.class)
                .hasMessageContaining("tokens-file: " + folder + ": ");
    }

    @Test
    void theKeyOfAnotherCertificateIsAWrongSetting() throws Exception {
        Certificate first = Certificate.make(folder, "first");
        Certificate second = Certificate.make(folder, "second");
        assertThat(read(Map.of("tls-certificate", first.certificate().toString(), "tls-key", first.key().toString())).security().tls())
                .isPresent();
        assertThatThrownBy(() -> read(Map.of("tls-certificate", first.certificate().toString(), "tls-key", second.key().toString())))
                .isInstanceOf(SettingsException.class)
                .hasMessageContainingAll("tls-key: " + second.key() + " (expected: the key of tls-certificate");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                    "host-timeout|15s|host-timeout|over 3 times the heartbeat",
                    "heartbeat|10s|host-timeout|over 3 times the heartbeat",
                    "order-retry-max|5s|order-retry-max|at least order-retry",
                    "order-retry-max|2d|order-retry-max|under orders-retention",
                    "orders-retention|5m|order-retry-max|under orders-retention",
                    "grace|20s|grace|over twice the command-deadline",
                    "idempotency-keys-kept|20s|idempotency-keys-kept|over twice the command-deadline",
                    "breaker-share|1.5|breaker-share|above 0, at most 1",
                    "heartbeat|0s|heartbeat|more than zero",
                    "listen|0.0.0.0:7070|listen|a loopback address such as 127.0.0.1"})
    void settingsThatDoNotGoTogetherAreRefused(String name, String value, String blamed, String expected) {
        assertThatThrownBy(() -> read(Map.of(name, value))).isInstanceOf(SettingsException.class)
                .hasMessageContainingAll(blamed + ": ", expected);
    }

    @Test
    void moreCopiesToAcknowledgeThanThereAreAreRefused() {
        assertThatThrownBy(() -> read(Map.of("topics-replication-factor", "2", "topics-min-insync-replicas", "3")))
                .isInstanceOf(SettingsException.class)
                .hasMessageContainingAll("topics-min-insync-replicas: ", "at most topics-replication-factor");
    }
}
