package dev.spillway.dev.services;

import dev.spillway.service.settings.SettingsException;
import dev.spillway.service.settings.Sources;
import dev.spillway.worker.app.WorkerSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/** The units of systemd, looked at by systemd's own tool in a root of their own, where the services are installed as the documents say. */
class SystemdUnitsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path UNITS_OF_SYSTEM = Path.of("/usr/lib/systemd/system");
    /** In tenths: below 2.0 of 10. */
    private static final int EXPOSURE_MAX = 20;
    private static final Pattern CREDENTIAL = Pattern.compile("(?m)^LoadCredential=([^:]+):(.+)$");
    private static final Pattern VARIABLE = Pattern.compile("(?m)^Environment=([^=]+)=(.+)$");
    private static final Pattern STOP = Pattern.compile("(?m)^TimeoutStopSec=(\\d+)s$");

    @TempDir
    Path root;

    private record Ran(int exitCode, String said) {}

    @BeforeEach
    void install() throws IOException, InterruptedException {
        assumeThat(Path.of("/usr/bin/systemd-analyze")).as("systemd-analyze is not here").exists();
        Path units = Files.createDirectories(root.resolve("usr/lib/systemd"));
        assertThat(run("cp", "-a", UNITS_OF_SYSTEM.toString(), units.toString()).exitCode()).isZero();
        Path programs = Files.createDirectories(root.resolve("opt/spillway/bin"));
        assertThat(run("cp", "-p", ROOT.resolve("config/container/spillway").toString(), programs.toString()).exitCode()).isZero();
        Files.createDirectories(root.resolve("etc/systemd/system"));
        for (String service : new String[]{"coordinator", "worker"}) {
            Files.copy(source(service), installed(service));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"coordinator", "worker"})
    void theUnitIsOneThatSystemdTakesWithoutAWarning(String service) throws IOException, InterruptedException {
        assertThat(verify(service)).isEqualTo(new Ran(0, ""));
    }

    @Test
    void aDirectiveThatSystemdDoesNotKnowIsNoticed() throws IOException, InterruptedException {
        Path unit = installed("worker");
        Files.writeString(unit, Files.readString(unit).replace("ProtectClock=", "ProtectClok="));
        assertThat(verify("worker").said()).contains("Unknown key").contains("ProtectClok");
    }

    @ParameterizedTest
    @ValueSource(strings = {"coordinator", "worker"})
    void theServiceIsExposedLittle(String service) throws IOException, InterruptedException {
        Ran ran = run(
                "systemd-analyze",
                "security",
                "--no-pager",
                "--offline=yes",
                "--threshold=" + EXPOSURE_MAX,
                "--root=" + root,
                "spillway-" + service + ".service");
        assertThat(ran.exitCode()).as(ran.said()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"coordinator", "worker"})
    void systemdWaitsForAnOrderlyStop(String service) throws IOException {
        Matcher stop = STOP.matcher(Files.readString(source(service)));
        assertThat(stop.find()).isTrue();
        assertThat(Duration.ofSeconds(Integer.parseInt(stop.group(1)))).isGreaterThan(ServiceCommand.CLOSE_WITHIN);
    }

    @Test
    void aWorkerWithACertificateNeedsNoFilesOfTokens() throws IOException, SettingsException {
        String unit = Files.readString(source("worker"));
        assertThat(CREDENTIAL.matcher(unit).results().map(found -> found.group(1) + " from " + found.group(2)))
                .as("systemd fails at a path that is missing, and goes on without a name in its store that is missing")
                .containsExactly("registry-token from spillway.registry-token", "peer-token from spillway.peer-token");
        Map<String, String> environment = new HashMap<>();
        for (Matcher variable = VARIABLE.matcher(unit); variable.find();) {
            environment.put(variable.group(1), variable.group(2).replaceAll("%[a-zA-Z]", root.toString()));
        }
        assertThat(environment).containsKey("SPILLWAY_DATA");
        List<String> required = List.of("--host-id=host-1", "--coordinators=localhost:7070", "--kafka-servers=localhost:9092");
        WorkerSettings.from(WorkerSettings.DECLARATION.read(new Sources(required, environment)));
    }

    @Test
    void theTokensOfAWorkerAreReadWhereTheDocumentsSay() throws IOException, SettingsException {
        String documents = Files.readString(ROOT.resolve("docs/operations.md"));
        List<String> arguments = new ArrayList<>(List.of("--host-id=host-1", "--data=/data", "--kafka-servers=localhost:9092"));
        for (String name : List.of("registry-token", "peer-token")) {
            String line = name + "-file = /run/credentials/spillway-worker.service/" + name;
            assertThat(documents).contains(line);
            Path copy = Files.createDirectories(root.resolve("run/credentials/spillway-worker.service")).resolve(name);
            Files.writeString(copy, "a token");
            arguments.add("--" + name + "-file=" + copy);
        }
        WorkerSettings.from(WorkerSettings.DECLARATION.read(new Sources(arguments, Map.of())));
    }

    @Test
    void theUserOfTheWorkerIsMade() throws IOException, InterruptedException {
        Files.createDirectories(root.resolve("etc"));
        Ran made = run("systemd-sysusers", "--root=" + root, ROOT.resolve("config/systemd/spillway.sysusers").toString());
        assertThat(made.exitCode()).as(made.said()).isZero();
        assertThat(root.resolve("etc/passwd")).content().contains("spillway:").contains(":/var/lib/spillway:");
    }

    private Ran verify(String service) throws IOException, InterruptedException {
        return run("systemd-analyze", "verify", "--man=no", "--root=" + root, "spillway-" + service + ".service");
    }

    private static Path source(String service) {
        return ROOT.resolve("config/systemd/spillway-%s.service".formatted(service));
    }

    private Path installed(String service) {
        return root.resolve("etc/systemd/system/spillway-%s.service".formatted(service));
    }

    private static Ran run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ran(process.waitFor(), said);
    }
}
