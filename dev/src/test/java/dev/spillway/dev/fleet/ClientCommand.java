package dev.spillway.dev.fleet;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The {@code spillway} command made ready to be started dozens of times, as the launcher does it: the classes in archives, and what clients
 * load kept in loaded and linked form.
 */
final class ClientCommand {
    private final List<String> words;

    private ClientCommand(List<String> words) {
        this.words = words;
    }

    /** @param scratch keeps what this makes */
    static ClientCommand prepare(Path scratch) throws IOException, InterruptedException {
        List<Path> classPath = ArchivedCommand.classPath();
        Path archive = scratch.resolve("client.aot");
        List<String> rehearsal = command(List.of("-XX:AOTCacheOutput=" + archive), classPath);
        rehearsal.addAll(List.of("hosts", "--url", "http://127.0.0.1:9"));
        new ProcessBuilder(rehearsal).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
        return new ClientCommand(command(Files.exists(archive) ? List.of("-XX:AOTCache=" + archive) : List.of(), classPath));
    }

    /** Not made ready, for a few starts. */
    static ClientCommand plain() {
        return new ClientCommand(command(List.of(), RealTrees.classPath().toList()));
    }

    /** The words of a shell, up to the command's own arguments. */
    String quoted() {
        return words.stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
    }

    private static List<String> command(List<String> more, List<Path> classPath) {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElseThrow());
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--sun-misc-unsafe-memory-access=allow", "-Xlog:disable"));
        command.addAll(more);
        command.addAll(
                List.of(
                        "-cp",
                        classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)),
                        "dev.spillway.dev.DevMain"));
        return command;
    }
}
