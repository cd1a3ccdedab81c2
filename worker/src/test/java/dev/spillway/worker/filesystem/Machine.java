package dev.spillway.worker.filesystem;

import dev.spillway.worker.filesystem.posix.Platform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Runs commands of the machine for tests, to make files and mounts that {@code java.nio} cannot make. Skips a test, with a reason, if a command or a
 * mount is not available.
 */
public final class Machine {
    private Machine() {}

    public static boolean isRoot() throws IOException {
        return Platform.isRoot();
    }

    public static void assumeRoot() throws IOException {
        assumeTrue(isRoot(), "skipped: needs root");
    }

    /** Skips the test where the command is not installed. */
    public static void assumeCommand(String name) {
        assumeTrue(
                List.of("/bin", "/usr/bin", "/sbin", "/usr/sbin")
                        .stream()
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, name))),
                "skipped: no command " + name);
    }

    public static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException("%s ended with %d: %s".formatted(List.of(command), status, output));
        }
        return output;
    }

    /** Returns the command that runs a class of the tests in a process of its own, whose errors are those of this one. */
    public static ProcessBuilder java(List<String> options, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    /** Removes what a test left, however deep it is. */
    public static void remove(Path directory) throws IOException, InterruptedException {
        run("chmod", "-R", "u+rwX", directory.toString());
        run("rm", "-rf", directory.toString());
    }

    /** Runs the action on a new file system mounted at the directory, or skips the test where none can be mounted. */
    public static void onMount(Path directory, List<String> mount, Action action) throws Exception {
        assumeRoot();
        Files.createDirectories(directory);
        try {
            run(mount.toArray(String[]::new));
        } catch (IOException e) {
            assumeTrue(false, "skipped: cannot mount: " + e.getMessage());
        }
        try {
            action.run();
        } finally {
            // Also while a library is loaded from there.
            run("umount", "--lazy", directory.toString());
        }
    }

    public static void onTmpfs(Path directory, String size, Action action) throws Exception {
        onMount(directory, List.of("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", directory.toString()), action);
    }

    /** A file system made by the given command in a file of that many megabytes. */
    public static void onLoop(Path image, Path directory, int megabytes, List<String> make, Action action) throws Exception {
        assumeRoot();
        assumeCommand(make.getFirst());
        run("truncate", "-s", megabytes + "M", image.toString());
        List<String> command = new ArrayList<>(make);
        command.add(image.toString());
        run(command.toArray(String[]::new));
        onMount(directory, List.of("mount", "-o", "loop", image.toString(), directory.toString()), action);
    }

    @FunctionalInterface
    public interface Action {
        void run() throws Exception;
    }

    public static String newId() {
        return UUID.randomUUID().toString();
    }
}
