package dev.spillway.worker.app;

import dev.spillway.worker.filesystem.Machine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Real build tools: a cold build at one host, and a build with nothing of its own at another. Each says itself that it found what it asked for. */
@Tag("full")
@Timeout(600)
class BuildToolsTest extends CacheOfBuilds {
    private static final String MAVEN = "3.9.16";
    private static final String JAVA_17 = "/usr/lib/jvm/java-17-openjdk-amd64";

    @FunctionalInterface
    private interface Build {
        String run(RunningWorker host, Path project) throws Exception;
    }

    @FunctionalInterface
    private interface Project {
        void writeTo(Path directory) throws IOException;
    }

    /** Builds in two new copies of a project, at two hosts. */
    private void coldAndWarm(Project project, Build build, String found) throws Exception {
        assertThat(build.run(worker, copy(project, "cold"))).doesNotContain(found);
        awaitRegistered();
        assertThat(build.run(another(), copy(project, "warm"))).contains(found);
    }

    private Path copy(Project project, String name) throws IOException {
        // Of the same name each, because Turborepo and Gradle may take it into account.
        Path directory = Files.createDirectories(folder.resolve(name).resolve("project"));
        project.writeTo(directory);
        return directory;
    }

    private static void write(Path directory, String name, String text) {
        try {
            Path file = directory.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String run(Path directory, Map<String, String> environment, String... command) throws Exception {
        ProcessBuilder process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        process.environment().putAll(environment);
        Process running = process.start();
        running.getOutputStream().close();
        String output = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(running.waitFor()).as(output).isZero();
        return output;
    }

    @Test
    void gradle() throws Exception {
        Machine.assumeCommand("gradle");
        coldAndWarm(directory -> {
            write(directory, "build.gradle", """
                    @CacheableTask class Shout extends DefaultTask {
                        @InputFile @PathSensitive(PathSensitivity.NONE) File from
                        @OutputFile File to
                        @TaskAction void run() { to.text = from.text.toUpperCase() }
                    }
                    task shout(type: Shout) { from = file('in.txt'); to = file('build/out.txt') }
                    """);
            write(directory, "in.txt", "hello");
        }, (host, directory) -> {
            write(directory, "settings.gradle", """
                    buildCache {
                        local { enabled = false }
                        remote(HttpBuildCache) { url = '%s'; push = true }
                    }
                    """.formatted(host.uri(CACHE)));
            String output = run(
                    directory,
                    Map.of("JAVA_HOME", JAVA_17),
                    "gradle",
                    "--no-daemon",
                    "--build-cache",
                    "--console=plain",
                    "-g",
                    directory.resolveSibling("home").toString(),
                    "shout");
            assertThat(directory.resolve("build/out.txt")).hasContent("HELLO");
            assertThat(output).doesNotContain("Could not");
            return output;
        }, ":shout FROM-CACHE");
    }

    @Test
    void maven() throws Exception {
        Path archive = repository().resolve("org/apache/maven/apache-maven/%s/apache-maven-%s-bin.zip".formatted(MAVEN, MAVEN));
        assumeTrue(Files.exists(archive), "skipped: no " + archive);
        Machine.assumeCommand("unzip");
        Machine.run("unzip", "-q", archive.toString(), "-d", folder.toString());
        coldAndWarm(directory -> {
            write(directory, "pom.xml", """
                    <project xmlns="http://maven.apache.org/POM/4.0.0">
                        <modelVersion>4.0.0</modelVersion>
                        <groupId>example</groupId><artifactId>cached</artifactId><version>1</version>
                        <properties>
                            <maven.compiler.source>17</maven.compiler.source><maven.compiler.target>17</maven.compiler.target>
                            <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
                        </properties>
                    </project>
                    """);
            write(directory, "src/main/java/Example.java", "class Example {}\n");
            write(directory, ".mvn/extensions.xml", """
                    <extensions><extension>
                        <groupId>org.apache.maven.extensions</groupId><artifactId>maven-build-cache-extension</artifactId>
                        <version>1.3.0</version>
                    </extension></extensions>
                    """);
        }, (host, directory) -> {
            write(directory, ".mvn/maven-build-cache-config.xml", """
                    <cache xmlns="http://maven.apache.org/BUILD-CACHE-CONFIG/1.2.0"><configuration>
                        <enabled>true</enabled>
                        <remote enabled="true" saveToRemote="true" id="spillway"><url>%s</url></remote>
                    </configuration></cache>
                    """.formatted(host.uri("/cache/builds")));
            String output = run(
                    directory,
                    Map.of("JAVA_HOME", JAVA_17),
                    folder.resolve("apache-maven-" + MAVEN + "/bin/mvn").toString(),
                    "-B",
                    "-ntp",
                    "-Dmaven.build.cache.location=" + directory.resolveSibling("local"),
                    "package");
            assertThat(directory.resolve("target/cached-1.jar")).exists();
            assertThat(output).doesNotContain("Exception");
            return output;
        }, "Found cached build, restoring example:cached from cache");
    }

    /** Bazel of Debian. What it remembers between runs goes with its output, so a hit is one of the remote cache. */
    @Test
    void bazel() throws Exception {
        Machine.assumeCommand("bazel");
        coldAndWarm(directory -> {
            write(directory, "WORKSPACE", "");
            write(directory, "in.txt", "hello\n");
            write(directory, "BUILD", """
                    genrule(name = "shout", srcs = ["in.txt"], outs = ["out.txt"], cmd = "tr a-z A-Z < $< > $@")
                    """);
        }, (host, directory) -> {
            String root = "--output_user_root=" + directory.resolveSibling("root");
            try {
                String output = run(
                        directory,
                        Map.of(),
                        "bazel",
                        root,
                        "build",
                        "--color=no",
                        "--curses=no",
                        "--spawn_strategy=local",
                        "--remote_cache=" + host.uri("/cache/builds"),
                        "//:shout");
                assertThat(directory.resolve("bazel-bin/out.txt")).hasContent("HELLO");
                return output;
            } finally {
                run(directory, Map.of(), "bazel", root, "shutdown");
                Machine.run("chmod", "-R", "u+w", directory.resolveSibling("root").toString());
            }
        }, "1 remote cache hit");
    }

    /** The repository that this test's own libraries come from. */
    private static Path repository() throws URISyntaxException {
        Path jar = Path.of(Assertions.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        return jar.resolve("../../../../..").normalize();
    }

    private Path npm(String... packages) throws Exception {
        Machine.assumeCommand("npm");
        Path tools = Files.createDirectories(folder.resolve("tools"));
        // Without one, npm installs beside the next one above.
        write(tools, "package.json", "{}");
        List<String> command = new ArrayList<>(List.of("npm", "install", "--no-audit", "--no-fund"));
        command.addAll(List.of(packages));
        run(tools, Map.of(), command.toArray(String[]::new));
        return tools.resolve("node_modules");
    }

    @Test
    void turborepo() throws Exception {
        Path turbo = npm("turbo@2.11.11").resolve(".bin/turbo");
        coldAndWarm(directory -> {
            write(directory, "package.json", """
                    {"name": "root", "private": true, "packageManager": "npm@11.0.0", "workspaces": ["packages/*"]}""");
            write(
                    directory,
                    "package-lock.json",
                    """
                            {"name": "root", "lockfileVersion": 3, "requires": true, "packages": {"": {"name": "root", "workspaces": ["packages/*"]},
                            "node_modules/one": {"resolved": "packages/one", "link": true}, "packages/one": {"name": "one", "version": "1.0.0"}}}""");
            write(directory, "turbo.json", """
                    {"remoteCache": {"signature": true}, "tasks": {"build": {"outputs": ["dist/**"]}}}""");
            write(directory, "packages/one/package.json", """
                    {"name": "one", "version": "1.0.0", "scripts": {"build": "mkdir -p dist && echo built > dist/out"}}""");
        }, (host, directory) -> {
            String output = run(
                    directory,
                    Map.of(
                            "TURBO_API",
                            host.uri("/cache/builds").toString(),
                            "TURBO_TOKEN",
                            "token",
                            "TURBO_TEAM",
                            "us",
                            "TURBO_REMOTE_CACHE_SIGNATURE_KEY",
                            "a key of at least thirty-two bytes",
                            "TURBO_TELEMETRY_DISABLED",
                            "1",
                            "DO_NOT_TRACK",
                            "1"),
                    turbo.toString(),
                    "run",
                    "build",
                    "--cache=remote:rw",
                    "--skip-infer");
            assertThat(directory.resolve("packages/one/dist/out")).hasContent("built");
            return output;
        }, "1 cached, 1 total");
    }

    @Test
    void nx() throws Exception {
        Path modules = npm("nx@24.0.6");
        coldAndWarm(directory -> {
            Files.createSymbolicLink(directory.resolve("node_modules"), modules);
            write(directory, "package.json", """
                    {"name": "root", "version": "1.0.0", "private": true, "devDependencies": {"nx": "24.0.6"}}""");
            write(directory, "nx.json", "{\"analytics\": false, \"neverConnectToCloud\": true}");
            write(directory, "one/in", "hello");
            write(directory, "one/project.json", """
                    {"name": "one", "root": "one", "targets": {"build": {"cache": true, "inputs": ["{projectRoot}/in"],
                    "outputs": ["{projectRoot}/dist"], "command": "mkdir -p one/dist && cp one/in one/dist/out"}}}""");
        }, (host, directory) -> {
            String output = run(
                    directory,
                    Map.of(
                            "NX_SELF_HOSTED_REMOTE_CACHE_SERVER",
                            host.uri("/cache/builds").toString(),
                            "NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN",
                            "token",
                            "NX_DAEMON",
                            "false",
                            "NX_TUI",
                            "false",
                            "CI",
                            "true",
                            "NX_CACHE_DIRECTORY",
                            directory.resolveSibling("cache").toString(),
                            "NX_WORKSPACE_DATA_DIRECTORY",
                            directory.resolveSibling("data").toString()),
                    modules.resolve(".bin/nx").toString(),
                    "run",
                    "one:build");
            assertThat(directory.resolve("one/dist/out")).hasContent("hello");
            return output;
        }, "[remote cache]");
    }
}
