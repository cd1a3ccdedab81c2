package dev.spillway.worker.kafka;

import dev.spillway.embedded.EmbeddedKafkaSettings;
import dev.spillway.embedded.KafkaBroker;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;

import static org.assertj.core.api.Assertions.assertThat;

/** A broker in a process of its own, so that it can be frozen: it keeps its connections then, and answers nothing. */
final class BrokerProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private final String servers;

    BrokerProcess(Path log) throws IOException {
        process = new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                BrokerProcess.class.getName())
                .redirectError(log.toFile())
                .start();
        out = process.inputReader(StandardCharsets.UTF_8);
        servers = Objects.requireNonNull(out.readLine(), "the broker started; its log is " + log);
    }

    String servers() {
        return servers;
    }

    void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor()).isZero();
    }

    /** Runs until its input ends, which it does when whoever started it is gone. */
    public static void main(String[] arguments) throws IOException {
        try (KafkaBroker broker = KafkaBroker.start(EmbeddedKafkaSettings.temporary())) {
            System.out.println(broker.bootstrapServers());
            var _ = System.in.read();
        }
    }

    /** A frozen one is thawed before, because its temporary folder is its own to remove. */
    @Override
    public void close() throws IOException {
        try {
            process.getOutputStream().close();
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
            out.close();
        }
    }
}
