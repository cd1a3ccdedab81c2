package dev.spillway.dev.fleet;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import static org.assertj.core.api.Assertions.assertThat;

/** One bash in which commands run one after the other, as in a terminal: what one sets the next one sees. */
final class Shell implements AutoCloseable {
    private static final String ENDED = "-- ended with ";

    /**
     * How a command ended.
     *
     * @param lines of both its streams, without blank ones
     */
    record Ran(int exitCode, List<String> lines) {}

    private final Process process;
    private final Writer input;
    private final Path output;
    private int read;

    /** @param directory where the commands run */
    Shell(Path directory, Path output, Map<String, String> environment) throws IOException {
        this.output = output;
        ProcessBuilder bash = new ProcessBuilder("bash", "--noprofile", "--norc").directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        bash.environment().putAll(environment);
        process = bash.start();
        input = process.outputWriter(StandardCharsets.UTF_8);
    }

    Ran run(String command) throws IOException {
        input.write("%s\nprintf '\\n%s%%d\\n' $?\n".formatted(command, ENDED));
        input.flush();
        Eventually.holds(Eventually.HANG, () -> {
            List<String> lines = lines();
            if (!process.isAlive()) {
                throw new IllegalStateException("the shell ended with " + process.exitValue() + ": " + lines);
            }
            assertThat(lines).as(command).last().asString().matches(ENDED + "\\d+");
        });
        List<String> lines = lines();
        read += lines.size();
        return new Ran(Integer.parseInt(lines.getLast().substring(ENDED.length())), lines.subList(0, lines.size() - 1));
    }

    private List<String> lines() throws IOException {
        return Files.readString(output).lines().filter(line -> !line.isBlank()).skip(read).toList();
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
