package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The launcher in a tree of its own, where the build takes a moment and the command prints which build it is of. */
class LauncherTest {
    private static final Path LAUNCHER = Path.of("..", "spillway").toAbsolutePath().normalize();
    private static final String MAVEN = """
            #!/bin/sh
            mkdir -p cli/target/lib.new dev/target/lib.new
            cp built.jar cli/target/lib.new/command.jar && cp built.jar dev/target/lib.new/command.jar
            """;

    @TempDir
    private Path root;
    private Shell shell;

    @BeforeEach
    void makeTree() throws IOException {
        Files.copy(LAUNCHER, root.resolve("spillway"), StandardCopyOption.COPY_ATTRIBUTES);
        for (String module : List.of("cli", "dev")) {
            Files.createDirectories(root.resolve(module).resolve("src/main"));
            Files.writeString(root.resolve(module).resolve("pom.xml"), "");
        }
        Files.writeString(root.resolve("pom.xml"), "");
        Path programs = Files.createDirectory(root.resolve("bin"));
        Files.writeString(programs.resolve("mvn"), MAVEN);
        assertThat(programs.resolve("mvn").toFile().setExecutable(true)).isTrue();
        Map<String, String> environment = new HashMap<>(Map.of("PATH", programs + ":" + System.getenv("PATH")));
        environment.put("JAVA_HOME", System.getProperty("java.home"));
        shell = new Shell(root, Files.createFile(root.resolve("output")), environment);
    }

    @AfterEach
    void endShell() {
        shell.close();
    }

    @Test
    void aCommandIsAlwaysThatOfTheLastBuildWhateverBecameOfItsArchive() throws IOException {
        source("one");
        assertThat(started("hello").getLast()).isEqualTo("one hello");
        Path archive = root.resolve("cli/target/client.aot");
        assertThat(archive).exists();
        assertThat(started("again")).containsExactly("one again");
        shell.run("unset JAVA_HOME");
        assertThat(started("by the JDK of the build")).containsExactly("one by the JDK of the build");

        source("two");
        assertThat(started("hello")).first().asString().contains("the sources have changed");
        assertThat(started("again")).containsExactly("two again");
        assertThat(started("--help")).containsExactly("two --help");

        Files.writeString(archive, "no archive");
        assertThat(started("without it")).containsExactly("two without it");
        Files.delete(archive);
        assertThat(started("without any")).containsExactly("two without any");
    }

    @Test
    void anArchiveThatIsOlderThanTheClassesIsNotUsed() throws IOException {
        source("one");
        started("hello");
        assertThat(root.resolve("cli/target/client.aot")).exists();
        source("two");
        Path stamp = root.resolve("dev/target/launcher.stamp");
        shell.run("touch " + stamp);

        Files.copy(root.resolve("built.jar"), root.resolve("cli/target/lib/command.jar"), StandardCopyOption.REPLACE_EXISTING);

        assertThat(started("again")).containsExactly("two again");
    }

    private List<String> started(String argument) throws IOException {
        Shell.Ran ran = shell.run("./spillway '" + argument + "'");
        assertThat(ran.exitCode()).as(ran.lines().toString()).isZero();
        return ran.lines();
    }

    /** Makes what the next build finds. */
    private void source(String name) throws IOException {
        Path classes = Files.createDirectories(root.resolve("classes"));
        Path source = root.resolve("cli/src/main/Main.java");
        Files.writeString(source, """
                package dev.spillway.cli;

                public class Main {
                    public static void main(String[] arguments) {
                        System.out.println("%s " + String.join(" ", arguments));
                    }
                }

                class Rehearsal {
                    public static void main(String[] arguments) {
                        Main.main(arguments);
                    }
                }
                """.formatted(name));
        int failed = ToolProvider.getSystemJavaCompiler().run(null, null, null, "-d", classes.toString(), source.toString());
        assertThat(failed).isZero();
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(root.resolve("built.jar")));
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                jar.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                Files.copy(file, jar);
                jar.closeEntry();
            }
        }
    }
}
