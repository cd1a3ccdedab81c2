package dev.spillway.examples.cleaner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;

/** A cleaner that runs, as whoever follows the facts would run one. */
record CleanerProcess(Process process, Path output) implements AutoCloseable {
    static CleanerProcess start(List<String> command, Path output) throws IOException {
        return new CleanerProcess(
                new ProcessBuilder(command).redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                        .start(),
                output);
    }

    String text() {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Kills the process, as {@code kill -9} does. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        awaitEnd();
    }

    int awaitEnd() throws InterruptedException {
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).as(() -> "still running: " + text()).isTrue();
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
