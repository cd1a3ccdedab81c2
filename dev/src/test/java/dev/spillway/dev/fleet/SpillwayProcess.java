package dev.spillway.dev.fleet;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import static org.assertj.core.api.Assertions.assertThat;

/** The {@code spillway} command as a process of its own, on the JDK of this test. */
final class SpillwayProcess implements AutoCloseable {
    private static final int LAST_LINES = 60;

    private final Process process;
    private final Path output;

    private SpillwayProcess(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    /** @param output gets all that it prints, behind what is there */
    static SpillwayProcess start(Path output, List<String> arguments) throws IOException {
        return start(output, arguments, Map.of());
    }

    static SpillwayProcess start(Path output, List<String> arguments, Map<String, String> properties) throws IOException {
        return start(output, arguments, properties, Map.of());
    }

    static SpillwayProcess start(Path output, List<String> arguments, Map<String, String> properties, Map<String, String> environment)
            throws IOException {
        List<Path> classPath = ArchivedCommand.classPath();
        List<String> options = new ArrayList<>(ArchivedCommand.options());
        properties.forEach((name, value) -> options.add("-D" + name + "=" + value));
        return start(output, classPath, options, arguments, environment);
    }

    /** @param options more of them, of the JVM */
    static SpillwayProcess start(
            Path output,
            List<Path> classPath,
            List<String> options,
            List<String> arguments,
            Map<String, String> environment)
            throws IOException {
        // Whoever runs tests in the background may have them ignore signals, and a child would inherit that.
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "env",
                                "--default-signal=INT,HUP",
                                ProcessHandle.current().info().command().orElseThrow(),
                                "-Xmx512m",
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(options);
        command.addAll(
                List.of(
                        "-cp",
                        classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)),
                        "dev.spillway.dev.DevMain"));
        command.addAll(arguments);
        Files.writeString(output, "", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        ProcessBuilder process = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
        process.environment().putAll(environment);
        return new SpillwayProcess(process.start(), output);
    }

    /** Waits for a line that begins with {@code ready}, the so many-th in its output. */
    SpillwayProcess awaitReady(int times, Duration within) {
        return awaitLine("ready", times, within);
    }

    /** Waits for a line that begins so, the so many-th in its output. */
    SpillwayProcess awaitLine(String beginning, int times, Duration within) {
        Eventually.holds(within, () -> {
            if (!process.isAlive() && lines(beginning) < times) {
                throw new IllegalStateException("ended with " + process.exitValue() + ": " + Files.readString(output));
            }
            assertThat(lines(beginning)).as(() -> text()).isGreaterThanOrEqualTo(times);
        });
        return this;
    }

    private long lines(String beginning) throws IOException {
        return Files.readAllLines(output).stream().filter(line -> line.startsWith(beginning)).count();
    }

    String text() {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Tells what it does just now: the stacks of its threads, and the last lines of its output. */
    String picture() {
        List<String> lines = text().lines().toList();
        return "%s%nlast lines of %s:%n%s".formatted(
                process.isAlive() ? threads() : "not alive",
                output,
                String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size())));
    }

    private String threads() {
        Path dump = output.resolveSibling(output.getFileName() + ".threads");
        try {
            // The only one of the JVM's dumps that shows virtual threads too.
            Process jcmd =
                    new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                            Long.toString(process.pid()),
                            "Thread.dump_to_file",
                            "-overwrite",
                            dump.toString()).redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            boolean ended = jcmd.waitFor(Eventually.HANG.toSeconds(), TimeUnit.SECONDS);
            jcmd.destroyForcibly();
            return ended && Files.exists(dump) ? Files.readString(dump) : "no dump of its threads: " + dump;
        } catch (IOException e) {
            return "no dump of its threads: " + e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "no dump of its threads: " + e;
        }
    }

    Process process() {
        return process;
    }

    /** As {@code kill -9}. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        assertThat(process.waitFor(Eventually.HANG.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    /** As {@code kill}; returns the exit code. */
    int stop(Duration within) throws InterruptedException {
        process.destroy();
        return awaitEnd(within);
    }

    int awaitEnd(Duration within) throws InterruptedException {
        assertThat(process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)).as(() -> "still running: " + text()).isTrue();
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
