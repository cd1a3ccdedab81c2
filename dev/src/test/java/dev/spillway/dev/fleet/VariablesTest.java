package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Variables of the environment that tell a command whom to ask. */
class VariablesTest {
    @TempDir
    Path scratch;

    @ParameterizedTest
    @CsvSource({
            "SPILLWAY_URL, hosts",
            "SPILLWAY_URL, get ns key --worker host-1",
            "SPILLWAY_WORKER, status",
            "SPILLWAY_WORKER, get ns key"})
    void anEmptyVariableIsRefusedByItsName(String variable, String command) throws IOException {
        try (Shell shell = new Shell(scratch, scratch.resolve("shell"), Map.of("LC_ALL", "C.UTF-8", variable, ""))) {
            Shell.Ran ran = shell.run(ClientCommand.plain().quoted() + " " + command + " </dev/null");
            assertThat(ran.lines()).first().asString().startsWith("spillway: ").contains(variable + ": '' (expected: host:port");
            assertThat(ran.exitCode()).as(ran.toString()).isEqualTo(2);
        }
    }
}
