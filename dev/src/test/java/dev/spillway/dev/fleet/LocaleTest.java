package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Arguments are bytes that Java reads in the encoding of the locale. The shell writes them here, whatever the locale of this JVM. */
class LocaleTest {
    private static final Path LAUNCHER = Path.of("..", "spillway");
    /** A letter of two bytes in UTF-8. */
    private static final String LETTER = "\"$(printf '\\303\\244')\"";

    @TempDir
    Path scratch;

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "put ns key %s",
                    "put ns key / --description %s",
                    "ls ns --prefix %s",
                    "ls ns --label a=%s",
                    "get ns %s",
                    "pin ns key --reason %s",
                    "rm ns key --if-snapshot %s",
                    "dev --data /tmp/%s",
                    "worker --host-id host-1 --data /tmp/%s"})
    void anArgumentThatTheLocaleCannotCarryIsRefusedNamingTheLocale(String command) throws IOException {
        try (Shell shell = new Shell(scratch, scratch.resolve("shell"), Map.of("LC_ALL", "C", "SPILLWAY_URL", "127.0.0.1:1"))) {
            Shell.Ran ran = shell.run(ClientCommand.plain().quoted() + " " + command.formatted(LETTER) + " </dev/null");
            assertThat(ran.exitCode()).as("%s: %s", command, ran).isEqualTo(2);
            assertThat(ran.lines()).singleElement().asString().contains("LC_ALL=C").contains("ANSI_X3.4-1968").contains("C.UTF-8");
        }
    }

    @Test
    void bytesThatAreNoTextAreRefusedInAnyLocale() throws IOException {
        try (Shell shell = new Shell(scratch, scratch.resolve("shell"), Map.of("LC_ALL", "C.UTF-8", "SPILLWAY_URL", "127.0.0.1:1"))) {
            Shell.Ran ran = shell.run(ClientCommand.plain().quoted() + " ls ns --prefix \"$(printf '\\344')\" </dev/null");
            assertThat(ran.exitCode()).as(ran.toString()).isEqualTo(2);
            assertThat(ran.lines()).singleElement()
                    .asString()
                    .contains("(expected: text in UTF-8; argument 4 has bytes that are none")
                    .doesNotContain("LC_ALL", "locale that");
        }
    }

    /** As long as there is a UTF-8 locale, that one. */
    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {"C", "POSIX", "C.UTF-8", "xx_YY.UTF-8"})
    void theLauncherTakesALocaleThatIsInstalled(String locale) throws IOException {
        launcher();
        try (Shell shell =
                new Shell(scratch, scratch.resolve("shell"), Map.of("LC_ALL", "C.UTF-8", "JAVA_HOME", System.getProperty("java.home")))) {
            Shell.Ran ran = shell.run("LC_ALL=" + locale + " ./spillway plans show " + LETTER + " 2>&1 </dev/null | grep -v setlocale");
            assertThat(ran.lines()).as("in " + locale).singleElement().asString().contains("planId: \u00e4 (expected: ");
        }
    }

    /** The launcher in a tree of its own that is built already. */
    private void launcher() throws IOException {
        Files.copy(LAUNCHER, scratch.resolve("spillway"));
        for (String module : List.of("cli", "dev")) {
            Path lib = Files.createDirectories(scratch.resolve(module).resolve("target").resolve("lib"));
            for (Path archive : ArchivedCommand.classPath()) {
                Files.createSymbolicLink(lib.resolve(archive.getFileName()), archive.toAbsolutePath());
            }
        }
        Files.writeString(scratch.resolve("dev").resolve("target").resolve("launcher.stamp"), System.getProperty("java.home") + "\n");
    }
}
