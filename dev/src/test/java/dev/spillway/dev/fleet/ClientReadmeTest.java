package dev.spillway.dev.fleet;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The programs of the client's README do what it says, word by word but for the addresses. */
class ClientReadmeTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern PROGRAM =
            Pattern.compile(
                    "```java\n(.*?public class (\\w+) .*?)```(?:(?:(?!```).)*?It prints `([^`]*)`|(?:(?!```).)*?```\n(.*?)```)?",
                    Pattern.DOTALL);

    @TempDir
    private static Path scratch;
    private static FleetInProcess fleet;

    @BeforeAll
    static void start() throws Exception {
        fleet = new FleetInProcess(scratch.resolve("fleet"), 1);
        assertThat(Spillway.run("namespace", "set", "trees", "--max-entries", "10", "--url", fleet.url()).exitCode()).isZero();
        assertThat(
                Spillway.run("namespace", "set", "objects", "--max-entries", "100000", "--backend", "artifact", "--url", fleet.url())
                        .exitCode())
                .isZero();
        assertThat(Spillway.run("namespace", "set", "snapshots", "--max-entries", "2", "--url", fleet.url()).exitCode()).isZero();
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    @Test
    void everyProgramPrintsWhatThePageSays() throws Exception {
        Matcher program = PROGRAM.matcher(Files.readString(ROOT.resolve("client/README.md")));
        int programs = 0;
        while (program.find()) {
            String source = program.group(1)
                    .replace("127.0.0.1:7070", fleet.url())
                    .replace("127.0.0.1:7080", fleet.workerUrl(1))
                    .replace("Path.of(\"docs\")", "Path.of(\"" + ROOT.resolve("docs") + "\")");
            String expected = program.group(3) == null ? program.group(4) : program.group(3) + "\n";
            assertThat(run(program.group(2), source)).as(program.group(2)).isEqualTo(expected);
            programs++;
        }
        assertThat(programs).isEqualTo(6);
    }

    private static String run(String name, String source) throws Exception {
        Path folder = Files.createDirectories(scratch.resolve(name));
        Path file = Files.writeString(folder.resolve(name + ".java"), source);
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        int compiled = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        said,
                        said,
                        "-proc:none",
                        "-d",
                        folder.toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        file.toString());
        assertThat(compiled).as(said.toString(StandardCharsets.UTF_8)).isZero();
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(List.of(folder.toUri().toURL()).toArray(URL[]::new))) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass(name).getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }
}
