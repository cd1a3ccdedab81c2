package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/** The fleet of docker-compose.yml, perhaps with more files over it. Needs Docker with compose, and the jars of ./spillway. */
final class ComposeFleet implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private final String project;
    private final Path secrets;
    private final List<String> files;
    private final List<Integer> ports = Ports.free(6);
    private final String operator;

    record Ended(int exitCode, String said) {}

    /**
     * Makes the secrets and the image. Skips the test where there is no container engine.
     *
     * @param files at the root, beside docker-compose.yml
     */
    ComposeFleet(String project, Path scratch, List<String> files) throws IOException, InterruptedException {
        this.project = project;
        this.secrets = scratch.resolve("secrets");
        this.files = new ArrayList<>(List.of("docker-compose.yml"));
        this.files.addAll(files);
        assumeThat(answers("docker", "compose", "version")).as("docker compose is not here").isTrue();
        assumeThat(answers("docker", "info")).as("no container engine answers").isTrue();
        assumeThat(ROOT.resolve("dev/target/lib")).as("./spillway --version builds what the image needs").isDirectory();
        make("secrets");
        operator = Files.readString(operatorToken()).strip();
        // A run that was killed leaves its containers and volumes, whose database has another password.
        remove();
        Ended built = compose("build", "--quiet");
        assertThat(built.exitCode()).as(built.said()).isZero();
    }

    /** Makes secrets or certificates of three hosts. */
    void make(String what) throws IOException, InterruptedException {
        Ended made = run("config/container/make-" + what, secrets.toString(), "3");
        assertThat(made.exitCode()).as(made.said()).isZero();
    }

    Path operatorToken() {
        return secrets.resolve("operator-token");
    }

    Path authority() {
        return secrets.resolve("ca.crt");
    }

    String operator() {
        return operator;
    }

    void up() throws IOException, InterruptedException {
        Ended up = compose("up", "--detach", "--wait", "--wait-timeout", "600", "--pull", "never");
        assertThat(up.exitCode()).as(() -> up.said() + lastLines()).isZero();
    }

    private String lastLines() {
        try {
            return compose("logs", "--tail", "20").said();
        } catch (IOException | InterruptedException e) {
            return e.toString();
        }
    }

    private boolean answers(String... command) throws InterruptedException {
        try {
            return run(command).exitCode() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    Ended compose(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("docker", "compose", "--project-name", project, "--progress", "quiet"));
        files.forEach(file -> command.addAll(List.of("--file", file)));
        command.addAll(List.of(arguments));
        return run(command.toArray(String[]::new));
    }

    Ended run(String... command) throws IOException, InterruptedException {
        ProcessBuilder process = new ProcessBuilder(command).directory(ROOT.toFile()).redirectErrorStream(true);
        Map<String, String> environment = process.environment();
        environment.put("SPILLWAY_SECRETS", secrets.toString());
        int port = 0;
        for (String name : List.of("COORDINATOR_1", "COORDINATOR_2", "WORKER_1", "WORKER_2", "WORKER_3", "KAFKA")) {
            environment.put("SPILLWAY_" + name + "_PORT", ports.get(port++).toString());
        }
        Process running = process.start();
        running.getOutputStream().close();
        String said = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(running.waitFor(PATIENCE.toMinutes(), TimeUnit.MINUTES)).as(said).isTrue();
        return new Ended(running.exitValue(), said);
    }

    /** Host and port, reached from this machine. */
    String coordinator(int number) {
        return "127.0.0.1:" + ports.get(number - 1);
    }

    /** Host and port, reached from this machine. */
    String worker(int number) {
        return "127.0.0.1:" + ports.get(1 + number);
    }

    /** Host and port of Kafka, as a client outside of the containers' network reaches it. */
    String kafka() {
        return "127.0.0.1:" + ports.get(5);
    }

    @Override
    public void close() throws IOException {
        try {
            remove();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void remove() throws IOException, InterruptedException {
        Ended down = compose("down", "--volumes", "--timeout", "5");
        assertThat(down.exitCode()).as(down.said()).isZero();
    }
}
