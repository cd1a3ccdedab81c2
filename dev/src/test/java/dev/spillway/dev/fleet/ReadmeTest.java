package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * The tours of the README and of the documentation, typed by a machine: each command as it stands there, at the root of this repository, with the output that stands there.
 * Three things differ, so that it runs beside anything else: {@code ./spillway} is this build on the test's class path instead of the launcher
 * (which would build in the middle of a build), the fleet listens on free ports instead of 7070 and those from 7080 on, and its data lies in
 * the test's folder.
 */
class ReadmeTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final String HEADING = "## A tour";
    private static final String LONG_HEADING = "# A tour";
    private static final String DEV = "./spillway dev ";
    private static final String DATA = "/tmp/spillway-tour";
    private static final int PORT = 7070;
    private static final int WORKER_PORT = PORT + 10;
    private static final int HOSTS = 3;

    @TempDir
    Path scratch;

    @Test
    void theTourGoesAsTheReadmeShows() throws IOException, InterruptedException {
        takeTour(Tour.read(Files.readString(ROOT.resolve("README.md")), HEADING).steps());
    }

    @Test
    @Tag("full")
    void theLongTourGoesAsItsPageShows() throws IOException, InterruptedException {
        takeTour(Tour.read(Files.readString(ROOT.resolve("docs/tour.md")), LONG_HEADING).steps());
    }

    private void takeTour(List<Tour.Step> steps) throws IOException, InterruptedException {
        Tour.Step first = steps.getFirst();
        assertThat(first.command()).startsWith(DEV).endsWith(" --data " + DATA);
        int port = Ports.freeForDev(HOSTS);
        Path data = scratch.toRealPath().resolve("tour");
        Path output = scratch.resolve("dev");
        Likeness likeness = new Likeness();

        List<String> arguments = new ArrayList<>(List.of(first.command().replace(DATA, data.toString()).split(" ", -1)));
        arguments.removeFirst();
        arguments.addAll(List.of("--port", String.valueOf(port)));
        try (SpillwayProcess dev = SpillwayProcess.start(output, arguments)) {
            dev.awaitReady(1, Eventually.HANG);
            likeness.require(first.shown(), asOnThePage(dev.text().lines().toList(), data, port));
            try (Shell shell = shell("http://127.0.0.1:" + port, ClientCommand.prepare(scratch))) {
                for (Tour.Step step : steps.subList(1, steps.size())) {
                    take(shell, step, likeness, data, port);
                }
            }
            assertThat(dev.stop(Eventually.HANG)).as(dev.text()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            echo one                         | two                                         | is not what is shown
            echo one; echo two               | one                                         | says more than is shown
            true                             | one                                         | says nothing
            false                            | ''                                          | fails
            echo spillway: no                | spillway: no                                | is shown to fail, and does not
            echo 1 KiB used                  | 1 KiB                                       | has another shape
            ./spillway namespace set X       | X: at most 10 entries                       | is refused
            ./spillway no-such-command       | done                                        | is no command
            no-such-program                  | done                                        | is no program
            """)
    void aStepThatGoesOtherwiseThanShownIsRed(String command, String shown, String why) throws IOException {
        String page = "%s\n```\n$ %s\n%s\n```\n".formatted(HEADING, command, shown.equals("''") ? "" : shown);
        Tour.Step step = Tour.read(page, HEADING).steps().getFirst();
        try (Shell shell = shell("http://127.0.0.1:" + Ports.free(1).getFirst(), ClientCommand.plain())) {
            assertThatThrownBy(() -> once(shell, step, new Likeness(), scratch, PORT)).as(why).isInstanceOf(AssertionError.class);
        }
    }

    @Test
    void anIdOfThePageStandsForOneThatWasSeen() {
        String one = "00000000-0000-0000-0000-000000000001";
        String two = "00000000-0000-0000-0000-000000000002";
        String three = "00000000-0000-0000-0000-000000000003";
        Likeness likeness = new Likeness();
        likeness.require(List.of("hold " + one, "3.0 KiB, 5 s ago"), List.of("hold " + two, "1.2 MiB,   0 s ago"));
        assertThat(likeness.typed("release " + one)).isEqualTo("release " + two);
        likeness.require(List.of("hold " + one), List.of("hold " + two));
        assertThatThrownBy(() -> likeness.require(List.of("hold " + one), List.of("hold " + three))).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> likeness.require(List.of("hold " + three), List.of("hold " + two))).isInstanceOf(AssertionError.class);
    }

    private Shell shell(String url, ClientCommand spillway) throws IOException {
        Shell shell = new Shell(ROOT, scratch.resolve("shell"), Map.of("SPILLWAY_URL", url, "LC_ALL", "C.UTF-8"));
        assertThat(shell.run("function ./spillway { " + spillway.quoted() + " \"$@\" </dev/null; }").exitCode()).isZero();
        return shell;
    }

    /** Asks again what only looks: hits and confirmations may be on their way when the command before has ended. Does everything else once. */
    private static void take(Shell shell, Tour.Step step, Likeness likeness, Path data, int port) throws IOException {
        if (step.command().matches("(\\./spillway (evictions|stats|hosts|ls|holds ls|plans show) .*|\\./spillway (stats|hosts)|ls .*)")) {
            Eventually.holds(Eventually.HANG, () -> once(shell, step, likeness, data, port));
        } else {
            once(shell, step, likeness, data, port);
        }
    }

    private static void once(Shell shell, Tour.Step step, Likeness likeness, Path data, int port) throws IOException {
        Shell.Ran ran = shell.run(likeness.typed(step.command()).replace(DATA, data.toString()));
        try {
            likeness.require(step.shown(), asOnThePage(ran.lines(), data, port));
            assertThat(ran.exitCode() != 0).as("failed, with " + ran.exitCode()).isEqualTo(step.fails());
        } catch (AssertionError e) {
            throw new AssertionError("$ %s%n%s".formatted(step.command(), e.getMessage()), e);
        }
    }

    private static List<String> asOnThePage(List<String> seen, Path data, int port) {
        return seen.stream().map(line -> {
            String shown = line.replace(data.toString(), DATA).replace(":" + port, ":" + PORT);
            for (int host = 0; host < HOSTS; host++) {
                shown = shown.replace(":" + (port + WORKER_PORT - PORT + host), ":" + (WORKER_PORT + host));
            }
            return shown;
        }).toList();
    }
}
