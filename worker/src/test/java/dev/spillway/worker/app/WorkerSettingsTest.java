package dev.spillway.worker.app;

import dev.spillway.service.settings.SettingsException;
import dev.spillway.service.settings.Sources;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class WorkerSettingsTest {
    private static final Map<String, String> LEAST = Map.of("host-id", "host-1", "data", "/var/lib/spillway", "kafka-servers", "k:9092");

    private static WorkerSettings read(Map<String, String> more) throws SettingsException {
        Map<String, String> values = new HashMap<>(LEAST);
        values.putAll(more);
        return WorkerSettings.read(Sources.of(values));
    }

    @Test
    void whatIsNotGivenHasItsDefault() throws SettingsException {
        WorkerSettings settings = read(Map.of());
        assertThat(settings.listen()).hasToString("127.0.0.1:7080");
        assertThat(settings.coordinators()).hasToString("[127.0.0.1:7070]");
        assertThat(settings.allowedSources()).isEmpty();
        assertThat(settings.holdMax()).isEqualTo(Duration.ofHours(24));
        assertThat(settings.putDeadline()).isEqualTo(Duration.ofSeconds(10));
        assertThat(settings.socket()).isEmpty();
        assertThat(settings.unlinkRates()).isEqualTo(new UnlinkPace.Rates(5_000, 256L << 20));
    }

    @Test
    void theRatesOfUnlinkingAreGivenApartAndZeroIsNoBound() throws SettingsException {
        assertThat(read(Map.of("unlink-rate", "500", "unlink-bytes-rate", "64MiB")).unlinkRates())
                .isEqualTo(new UnlinkPace.Rates(500, 64L << 20));
        assertThat(read(Map.of("unlink-rate", "0", "unlink-bytes-rate", "0")).unlinkRates()).isEqualTo(UnlinkPace.Rates.NONE);
        assertThatThrownBy(() -> read(Map.of("unlink-rate", "-1", "unlink-bytes-rate", "fast")))
                .hasMessageContaining("unlink-rate: -1")
                .hasMessageContaining("0 or more")
                .hasMessageContaining("unlink-bytes-rate: fast");
    }

    @Test
    void listsAreSeparatedByCommas() throws SettingsException {
        WorkerSettings settings = read(Map.of("coordinators", "a:1,b:2", "allowed-sources", "/srv,/var/images"));
        assertThat(settings.coordinators()).hasToString("[a:1, b:2]");
        assertThat(settings.allowedSources()).isEqualTo(List.of(Path.of("/srv"), Path.of("/var/images")));
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() {
        assertThatThrownBy(
                () -> read(
                        Map.of(
                                "host-id",
                                "Host 1",
                                "allowed-sources",
                                "srv",
                                "puts-at-once",
                                "0",
                                "registry-timeout",
                                "20s",
                                "archive-hold",
                                "2d",
                                "requests-kept",
                                "5s",
                                "coordinators",
                                "")))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("host-id: Host 1")
                .hasMessageContaining("allowed-sources: srv")
                .hasMessageContaining("puts-at-once: 0")
                .hasMessageContaining("registry-timeout: PT20S (expected: at most the time that a put waits, with put-deadline: PT10S)")
                .hasMessageContaining("archive-hold: PT48H")
                .hasMessageContaining("requests-kept: PT5S")
                .hasMessageContaining("coordinators");
    }

    @Test
    void aPathTooLongForASocketIsRefused() throws SettingsException {
        Path longest = Path.of("/" + "d".repeat(84));
        assertThat(read(Map.of("data", longest.toString())).socketOf(longest)).hasToString(longest + "/worker.sock");
        assertThatThrownBy(() -> read(Map.of("data", longest + "d"))).isInstanceOf(SettingsException.class)
                .hasMessageContaining("data: " + longest + "d (expected: a path of 85 bytes or less, because of worker.sock in it");
        assertThatThrownBy(() -> read(Map.of("data", "/" + "é".repeat(43)))).as("bytes count").isInstanceOf(SettingsException.class);
        assertThat(read(Map.of("data", longest + "d", "socket", "/run/worker.sock")).socket()).contains(Path.of("/run/worker.sock"));
        assertThatThrownBy(() -> read(Map.of("socket", "/" + "s".repeat(97)))).hasMessageContaining("socket: /sss")
                .hasMessageContaining("a path of 97 bytes or less");
    }

    @Test
    void anAuthorityThatCannotBeReadIsListedWithAllOtherProblems() {
        assertThatThrownBy(() -> read(Map.of("tls-ca", "/nope/ca.crt", "puts-at-once", "0"))).isInstanceOf(SettingsException.class)
                .hasMessageContainingAll("tls-ca: /nope/ca.crt: it does not exist (expected: a path, a PEM file", "puts-at-once: 0");
    }

    @Test
    void aStoreInUseIsRefused(@TempDir Path folder) throws Exception {
        try (RunningWorker first = new RunningWorker(folder.resolve("store"), RunningWorker.NOBODY, Map.of())) {
            assertThatThrownBy(() -> new RunningWorker(first.data, RunningWorker.NOBODY, Map.of()))
                    .hasMessageContaining(first.data.toString());
            assertThat(first.get("/livez").status()).isEqualTo(200);
        }
    }
}
