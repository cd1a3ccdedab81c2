package dev.spillway.embedded;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** Another Java process with this one's class path, whose lines are gathered as it prints them. */
final class ChildJvm implements AutoCloseable {
    private final Process process;
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Thread reader;

    private ChildJvm(Process process) {
        this.process = process;
        this.reader = Thread.ofVirtual().start(this::read);
    }

    static ChildJvm run(Class<?> main, Object... arguments) {
        return run(List.of(), main, arguments);
    }

    /**
     * @param prefix what to put in front of the command
     */
    static ChildJvm run(List<String> prefix, Class<?> main, Object... arguments) {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        main.getName()));
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        try {
            return new ChildJvm(new ProcessBuilder(command).redirectErrorStream(true).start());
        } catch (IOException e) {
            throw new AssertionError("starting " + command, e);
        }
    }

    private void read() {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            output.lines().forEach(lines::add);
        } catch (IOException | UncheckedIOException e) {
            lines.add("output ended: " + e);
        }
    }

    /** Returns the rest of each line so far that begins with this word. */
    List<String> said(String firstWord) {
        return lines.stream().filter(line -> line.startsWith(firstWord + " ")).map(line -> line.substring(firstWord.length() + 1)).toList();
    }

    void awaitLines(String firstWord, int atLeast) {
        Await.until(atLeast + " lines of '" + firstWord + "' in " + lines, () -> {
            if (!process.isAlive() && said(firstWord).size() < atLeast) {
                throw new AssertionError("the child ended early: " + lines);
            }
            return said(firstWord).size() >= atLeast;
        });
    }

    /** kill -9; on return the process is gone and all that it printed is known. */
    void kill() throws InterruptedException {
        // Through the handle: the process object would close its streams, and what was printed last would be lost.
        process.toHandle().destroyForcibly();
        awaitExit();
    }

    /** SIGTERM, as on a shutdown; the child's own shutdown hooks run. */
    void terminate() {
        process.toHandle().destroy();
    }

    int awaitExit() throws InterruptedException {
        if (!process.waitFor(Await.HANG.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("the child did not end: " + lines);
        }
        // A postmaster that outlives the child does not have its output, so the stream ends with it.
        reader.join();
        return process.exitValue();
    }

    @Override
    public String toString() {
        return String.join(System.lineSeparator(), lines);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
