package dev.spillway.dev.fleet;

import dev.spillway.cli.Console;
import dev.spillway.dev.DevMain;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Commands that print again and again, on a real fleet. */
class WatchTest extends FleetOfTwo {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private Thread watching = new Thread();

    private void watch(boolean terminal, String... command) {
        List<String> line = Stream.concat(Stream.of(command), Stream.of("--url", fleet.url())).toList();
        Console console =
                new Console(Spillway.stream(out), Spillway.stream(err), new BufferedReader(new StringReader("")), terminal, terminal);
        watching = Thread.ofPlatform().daemon().start(() -> {
            var _ = DevMain.run(line, console);
        });
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @BeforeEach
    void forgetWhatWasPrinted() {
        out.reset();
        err.reset();
    }

    @AfterEach
    void endsWhenInterrupted() throws InterruptedException {
        watching.interrupt();
        assertThat(watching.join(FleetInProcess.WITHIN)).isTrue();
    }

    private static void set(String namespace, FleetInProcess fleet) {
        assertThat(Spillway.run("namespace", "set", namespace, "--url", fleet.url()).exitCode()).isZero();
    }

    @Test
    void aChangeIsInTheNextPrintAndAnAbsentServerIsSaidAndAskedAgain() throws Exception {
        watch(false, "namespace", "ls", "--watch=50ms");
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(out().split("NAMESPACE", -1)).hasSizeGreaterThan(2));
        assertThat(out()).doesNotContain("appeared", "\033");
        set("appeared", fleet);
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(out()).contains("\nappeared "));

        fleet.stopCoordinator();
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(err.toString(StandardCharsets.UTF_8)).contains("not reachable"));
        fleet.startCoordinator();
        set("later", fleet);
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(out()).contains("\nlater "));
    }

    @Test
    void jsonIsOneDocumentALineOnATerminalToo() {
        watch(true, "hosts", "--watch", "50ms", "--json");
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(out().lines().count()).isGreaterThan(2));
        out().lines().limit(2).forEach(line -> assertThat(new Http.Answer(200, line).json().path("items").valueStream()).hasSize(2));
    }

    @Test
    void aTerminalShowsTheTimeWhatIsWatchedAndStatesInColour() {
        watch(true, "hosts", "--watch", "50ms");
        Eventually.holds(
                FleetInProcess.WITHIN,
                () -> assertThat(out()).containsPattern(
                        "\033\\[H\033\\[2JEvery 0\\.05 s: spillway hosts --watch 50ms --url \\S+  20\\S+Z\n\nHOST +STATE .*\nhost-1  \033\\[32mACTIVE\033\\[39m +\\S"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "ls none --watch",
                    "stats none --watch",
                    "hosts host-9 --watch",
                    "ls Upper --watch",
                    "hosts --watch=0s",
                    "hosts --watch=soon",
                    "put a b c --watch"})
    void whatIsWrongOrNotThereEndsIt(String command) {
        watch(true, command.split(" "));
        Eventually.holds(FleetInProcess.WITHIN, () -> assertThat(watching.isAlive()).isFalse());
        assertThat(err.toString(StandardCharsets.UTF_8)).startsWith("\033[31mspillway: ").endsWith("\033[39m\n").hasLineCount(1);
        assertThat(out.size()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "stats",
                    "hosts",
                    "hosts host-1",
                    "namespace ls",
                    "ls watched",
                    "evictions",
                    "plans ls",
                    "token ls",
                    "holds ls --worker host-1",
                    "pagers ls --worker host-1",
                    "status --worker host-1",
                    "advise watched"})
    void eachCommandThatShowsOrListsCanBeWatched(String command) {
        set("watched", fleet);
        watch(false, (command + " --watch 50ms").split(" "));
        // Columns are as wide as what is in them.
        String first = Spillway.run((command + " --url " + fleet.url()).split(" ")).out().split(" ", 2)[0];
        Eventually.holds(
                FleetInProcess.WITHIN,
                () -> assertThat(out().lines().filter(line -> line.startsWith(first))).hasSizeGreaterThan(1));
    }
}
