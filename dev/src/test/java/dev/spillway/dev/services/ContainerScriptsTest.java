package dev.spillway.dev.services;

import dev.spillway.coordinator.identity.TokensFile;
import dev.spillway.service.identity.AccessToken;
import dev.spillway.service.identity.Identity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** The scripts that make the secrets of a fleet in containers, and bring it up. */
class ContainerScriptsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path SCRIPTS = ROOT.resolve("config/container");
    private static final Pattern OF_COMPOSE = Pattern.compile("\\$\\{(SPILLWAY_[A-Z0-9_]+)");

    @TempDir
    Path folder;

    private record Ran(int exitCode, String said) {}

    @Test
    void hostsThatAreNamedLaterAreAdded() throws IOException, InterruptedException {
        Path secrets = folder.resolve("secrets");
        assertThat(makeSecrets("2").exitCode()).isZero();
        String first = Files.readString(secrets.resolve("tokens"));
        byte[] token = Files.readAllBytes(secrets.resolve("host-1-token"));
        write(secrets.resolve("tokens"), first + "# of a builder\nbuilder writer " + "0".repeat(64) + "\n");

        Ran ran = makeSecrets("node-3", "node-3");
        assertThat(ran.exitCode()).as(ran.said()).isZero();
        assertThat(names()).containsExactly("builder", "host-1", "host-2", "node-3", "operator", "peer");
        assertThat(Files.readString(secrets.resolve("tokens"))).contains("# of a builder");
        assertThat(secrets.resolve("host-1-token")).hasBinaryContent(token);
        assertThat(TokensFile.read(secrets.resolve("tokens")).find(AccessToken.digest(new String(token, StandardCharsets.UTF_8).strip())))
                .map(Identity::name)
                .contains("host-1");
        String all = Files.readString(secrets.resolve("tokens"));
        assertThat(makeSecrets("node-3").exitCode()).isZero();
        assertThat(secrets.resolve("tokens")).as("nothing changed").hasContent(all);
    }

    @Test
    void aContainerThatHasTheFileSeesItsNewContent() throws IOException, InterruptedException {
        assertThat(makeSecrets("1").exitCode()).isZero();
        Path mounted = Files.createLink(folder.resolve("mounted"), folder.resolve("secrets/tokens"));
        assertThat(makeSecrets("node-3").exitCode()).isZero();
        assertThat(mounted).content().contains("node-3 host");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Bad Host", "-host", "host_1", "", "operator", "peer", "anonymous", "host-1\nops operator 0"})
    void aNameThatIsNoHostIsRefusedAndNothingIsMade(String host) throws IOException, InterruptedException {
        Ran ran = makeSecrets("node-3", host);
        assertThat(ran.exitCode()).isEqualTo(2);
        assertThat(ran.said()).contains("make-secrets: host: '").contains("(expected: lower-case letters");
        assertThat(folder.resolve("secrets")).doesNotExist();
    }

    @Test
    void theFleetIsBroughtUpWithTheSecretsThatComposeReads() throws IOException, InterruptedException {
        Path scripts = Files.createDirectories(folder.resolve("root/config/container"));
        for (String script : List.of("up", "make-secrets")) {
            Files.copy(SCRIPTS.resolve(script), scripts.resolve(script));
            assertThat(scripts.resolve(script).toFile().setExecutable(true)).isTrue();
        }
        program(folder.resolve("root/spillway"), "exit 0");
        Path programs = Files.createDirectory(folder.resolve("programs"));
        program(programs.resolve("docker"), "echo \"docker $*\"");
        ProcessBuilder up = new ProcessBuilder(scripts.resolve("up").toString()).redirectErrorStream(true);
        up.environment().put("SPILLWAY_SECRETS", folder.resolve("secrets").toString());
        up.environment().merge("PATH", programs.toString(), (path, first) -> first + ":" + path);
        Ran ran = run(up);
        assertThat(ran.exitCode()).as(ran.said()).isZero();
        assertThat(ran.said()).contains("docker compose build", "docker compose up --detach --wait");
        assertThat(names()).contains("host-3", "operator");
        assertThat(folder.resolve("root/secrets")).doesNotExist();
    }

    @Test
    void servicesLeaveTheVariablesOfComposeAlone() throws IOException, InterruptedException {
        Set<String> read = new TreeSet<>();
        for (String file : List.of("docker-compose.yml", "docker-compose.tls.yml")) {
            for (Matcher variable = OF_COMPOSE.matcher(Files.readString(ROOT.resolve(file))); variable.find();) {
                read.add(variable.group(1));
            }
        }
        assertThat(Services.VARIABLES_OF_COMPOSE).containsExactlyInAnyOrderElementsOf(read).hasSize(8);
        for (String service : List.of("coordinator", "worker")) {
            ProcessBuilder print = new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    "dev.spillway.dev.DevMain",
                    service,
                    "--print-config",
                    "--kafka-servers=kafka:9092",
                    service.equals("worker") ? "--host-id=host-1" : "--database-user=spillway",
                    service.equals("worker") ? "--data=" + folder : "--database-url=jdbc:postgresql://db/spillway")
                    .redirectErrorStream(true);
            read.forEach(variable -> print.environment().put(variable, "7099"));
            Ran ran = run(print);
            assertThat(ran.exitCode()).as(ran.said()).isZero();
        }
    }

    private Set<String> names() throws IOException {
        Set<String> names = new TreeSet<>();
        TokensFile.read(folder.resolve("secrets/tokens")).list("", 100).forEach(identity -> names.add(identity.name()));
        return names;
    }

    private Ran makeSecrets(String... hosts) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(SCRIPTS.resolve("make-secrets").toString(), folder.resolve("secrets").toString()));
        command.addAll(Arrays.asList(hosts));
        return run(new ProcessBuilder(command).redirectErrorStream(true));
    }

    private static void write(Path file, String text) throws IOException {
        Files.delete(file);
        Files.writeString(file, text);
    }

    private static void program(Path file, String line) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + line + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private static Ran run(ProcessBuilder command) throws IOException, InterruptedException {
        Process process = command.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ran(process.waitFor(), said);
    }
}
