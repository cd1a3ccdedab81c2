package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The manual page. */
class ManualTest {
    @TempDir
    private Path scratch;

    @Test
    void everyCommandIsInIt() {
        List<String> page = Spillway.run("manual").lines();
        List<String> commands = new ArrayList<>();
        for (String command : Spillway.run("complete-line", "").lines()) {
            commands.add(command);
            if (Spillway.run(command, "--help").out().contains("\nCommands:\n")) {
                Spillway.run("complete-line", command, "").lines().forEach(under -> commands.add(command + " " + under));
            }
        }
        assertThat(commands).contains("hosts", "namespace set", "token revoke", "coordinator", "worker", "dev", "bench", "manual")
                .doesNotContain("complete-line");
        assertThat(page).containsAll(commands.stream().map(command -> ".SS spillway " + command.replace("-", "\\-")).toList());
        assertThat(page).contains(".B SPILLWAY_URL", ".B SPILLWAY_WORKER", ".B SPILLWAY_TOKEN_FILE", ".B SPILLWAY_TLS_CA");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mandoc -Tlint -Wwarning", "groff -man -ww -z"})
    void aFormatterFindsNothingWrongWithIt(String formatter) throws IOException {
        try (Shell shell = new Shell(scratch, Files.createFile(scratch.resolve("shell")), Map.of("LC_ALL", "C.UTF-8"))) {
            String program = formatter.split(" ", 2)[0];
            assumeTrue(
                    shell.run("command -v " + program).exitCode() == 0,
                    program + " is not installed: the manual page was not given to it");
            Files.writeString(scratch.resolve("spillway.1"), Spillway.run("manual").out());
            assertThat(shell.run(formatter + " spillway.1")).isEqualTo(new Shell.Ran(0, List.of()));
        }
    }
}
