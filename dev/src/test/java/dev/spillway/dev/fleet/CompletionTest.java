package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/** Words that a shell offers at the cursor, with names of a real fleet. */
class CompletionTest extends FleetOfTwo {
    /** Zsh completes only while somebody types; its own parts of a completion print here what they are given. */
    private static final Map<String, String> READ = Map.of(
            "bash",
            "source <(spillway completion bash)",
            "zsh",
            "compdef() { :; }; compadd() { shift; print -l -- \"$@\"; }; _files() { print files; }; source <(spillway completion zsh)",
            "fish",
            "spillway completion fish | source");

    private static final String WITHIN_MILLIS = "spillway.completion-millis";
    /** No machine is so slow. */
    private static final String PATIENCE = "300000";

    private Shell shell;

    @BeforeAll
    void makeNamespacesAndProgram() throws IOException {
        System.setProperty(WITHIN_MILLIS, PATIENCE);
        for (String namespace : List.of("trees", "images")) {
            assertThat(Spillway.run("namespace", "set", namespace, "--url", fleet.url()).exitCode()).isZero();
        }
        Path programs = Files.createDirectory(scratch.resolve("programs"));
        String command = ClientCommand.plain().quoted().replace("'-cp'", "'-D%s=%s' '-cp'".formatted(WITHIN_MILLIS, PATIENCE));
        Path program = Files.writeString(programs.resolve("spillway"), "#!/bin/sh\nexec %s \"$@\"\n".formatted(command));
        assertThat(program.toFile().setExecutable(true)).isTrue();
        shell = new Shell(
                scratch,
                Files.createFile(scratch.resolve("shell")),
                Map.of("PATH", programs + ":" + System.getenv("PATH"), "SPILLWAY_URL", fleet.url(), "LC_ALL", "C.UTF-8"));
    }

    @AfterAll
    void endShell() {
        shell.close();
        System.clearProperty(WITHIN_MILLIS);
    }

    static Stream<Arguments> lines() {
        return Stream.of(
                arguments("nam", "namespace"),
                arguments("namespace ''", "ls set"),
                arguments("completion ''", "bash fish zsh"),
                arguments("ls --url URL ''", "images trees"),
                arguments("ls --url URL tr", "trees"),
                arguments("ls --url URL trees ''", ""),
                arguments("get --url URL trees tr", ""),
                arguments("rm trees --url URL im", ""),
                arguments("put --worker w --url URL im", "images"),
                arguments("drain --url URL ''", "host-1 host-2"),
                arguments("hosts --watch --url URL host-2", "host-2"),
                arguments("hosts --json --watch 5s --url URL host-1", "host-1"),
                arguments("status --url URL --worker ''", "host-1 host-2"),
                arguments("evictions --url URL --namespace t", "trees"),
                arguments("evictions --url URL --host=host", "--host=host-1 --host=host-2"),
                arguments("evictions --state ''", "closed open"),
                arguments("namespace set trees --eviction-policy ''", "gdsf lru"),
                arguments("namespace set trees --backend a", "artifact"),
                arguments("put --mode m", "move"),
                arguments("stats --art", "--artifacts"),
                arguments("hosts host-1 --ord", "--orders"),
                arguments("dev --hos", "--hosts"),
                arguments("unheard-of ''", ""),
                arguments("ls Upper ''", ""));
    }

    @ParameterizedTest
    @MethodSource("lines")
    void aWordIsCompletedByWhatMayStandThere(String line, String expected) {
        String[] words = Stream.concat(
                Stream.of("complete-line"),
                Stream.of(line.split(" ")).map(word -> word.equals("''") ? "" : word.replace("URL", fleet.url()))).toArray(String[]::new);

        Spillway.Ran ran = Spillway.run(words);

        assertThat(ran.exitCode()).as(ran.toString()).isZero();
        assertThat(String.join(" ", ran.lines())).isEqualTo(expected);
        assertThat(ran.err()).isEmpty();
    }

    @Test
    void namesOfPlansAndPagersAreOffered() {
        Spillway.Ran planned = Spillway.run("prune", "trees", "--max-entries", "0", "--dry-run", "--json", "--url", fleet.url());
        String plan = new Http.Answer(200, planned.out()).json().path("id").asText();
        assertThat(Spillway.run("complete-line", "plans", "apply", "--url", fleet.url(), plan.substring(0, 8)).lines()).contains(plan);
        Spillway.Ran pagers = Spillway.run("complete-line", "pagers", "detach", "--url", fleet.url(), "--worker", "host-1", "");
        assertThat(pagers).isEqualTo(new Spillway.Ran(0, "", ""));
    }

    @Test
    void nothingIsSaidWhereNobodyAnswers() {
        String nowhere = "127.0.0.1:" + Ports.free(1).getFirst();
        for (List<String> line : List.of(
                List.of("ls", "--url", nowhere, ""),
                List.of("ls", "--url", "nonsense", ""),
                List.of("pagers", "detach", "--url", nowhere, "--worker", "host-1", ""),
                List.of("ls", "--url", fleet.url(), "--token-file", "/nowhere", ""))) {
            Spillway.Ran ran = Spillway.run(Stream.concat(Stream.of("complete-line"), line.stream()).toArray(String[]::new));
            assertThat(ran).isEqualTo(new Spillway.Ran(0, "", ""));
        }
    }

    static Stream<Arguments> shells() {
        return Stream.of(
                arguments(
                        "bash",
                        "_spillway; printf '%s\\n' \"${COMPREPLY[@]}\"",
                        Map.of(
                                "COMP_WORDS=(spillway ls tr) COMP_CWORD=2",
                                "trees",
                                "COMP_WORDS=(spillway evictions --namespace = im) COMP_CWORD=4",
                                "images",
                                "COMP_WORDS=(spillway evictions --state =) COMP_CWORD=3",
                                "closed open",
                                "COMP_WORDS=(spillway stats --url http : //127.0.0.1 : 1 --art) COMP_CWORD=8",
                                "--artifacts",
                                "COMP_WORDS=(./programs/spillway drain '') COMP_CWORD=2",
                                "host-1 host-2")),
                arguments(
                        "zsh",
                        "_spillway",
                        Map.of(
                                "words=(spillway ls tr) CURRENT=3 PREFIX=tr",
                                "trees",
                                "words=(spillway evictions --namespace=im) CURRENT=3 PREFIX=--namespace=im",
                                "--namespace=images",
                                "words=(./programs/spillway drain '') CURRENT=3 PREFIX=",
                                "host-1 host-2",
                                "words=(spillway put trees key '') CURRENT=5 PREFIX=",
                                "files")),
                arguments(
                        "fish",
                        "complete -C $line",
                        Map.of(
                                "set line 'spillway ls tr'",
                                "trees",
                                "set line 'spillway evictions --namespace=im'",
                                "--namespace=images",
                                "set line './programs/spillway drain '",
                                "host-1 host-2")));
    }

    @ParameterizedTest
    @MethodSource("shells")
    void aShellOffersIt(String name, String complete, Map<String, String> lines) throws IOException {
        assumeTrue(shell.run("command -v " + name).exitCode() == 0, name + " is not installed: its completion was not tried");
        for (Map.Entry<String, String> line : lines.entrySet()) {
            Path script = Files.writeString(scratch.resolve("script"), "%s\n%s\n%s\n".formatted(READ.get(name), line.getKey(), complete));
            Shell.Ran ran = shell.run(name + " " + script);
            assertThat(String.join(" ", ran.lines())).as(line.getKey()).isEqualTo(line.getValue());
        }
    }
}
