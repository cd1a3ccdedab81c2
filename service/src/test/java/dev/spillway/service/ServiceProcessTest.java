package dev.spillway.service;

import dev.spillway.service.settings.Setting;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.service.settings.Sources;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class ServiceProcessTest {
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream errors = new PrintStream(printed, true, StandardCharsets.UTF_8);
    private final Lifecycle lifecycle = new Lifecycle("worker");

    private int run(ServiceProcess.Parts parts) {
        return ServiceProcess.run(lifecycle, "worker", Duration.ofMinutes(5), errors, parts);
    }

    @Test
    void wrongSettingsAreAllPrintedAndNothingStarts() {
        var settings = new SettingsDeclaration("worker", List.of(Setting.integer("a", "A"), Setting.integer("b", "B")), List.of());
        int code = run(parts -> parts.start("never", () -> {
            settings.read(Sources.of(Map.of("a", "x")));
            throw new AssertionError("started");
        }));
        assertThat(code).isEqualTo(2);
        assertThat(printed.toString(StandardCharsets.UTF_8).lines()).containsExactly(
                "worker: a: x (expected: a whole number), from the command line",
                "worker: b: missing (expected: a whole number), give --b or SPILLWAY_B");
    }

    @Test
    void aServerThatIsNotReachableHasItsOwnCode() {
        assertThat(run(parts -> Reachability.within(Duration.ZERO).await("PostgreSQL at 127.0.0.1:5432", () -> {
            throw new ConnectException("finishConnect(..) failed");
        }))).isEqualTo(4);
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .isEqualTo("worker: PostgreSQL at 127.0.0.1:5432: connection refused, given up after 1 attempt\n");
    }

    @Test
    void aPartThatFailsWhileRunningClosesTheRestAndIsNamed() {
        var closed = new ArrayList<String>();
        assertThat(run(parts -> {
            parts.start("store", () -> () -> closed.add("store"));
            parts.fail("orders", new IOException("index damaged"));
        })).isEqualTo(1);
        assertThat(closed).containsExactly("store");
        assertThat(printed.toString(StandardCharsets.UTF_8)).startsWith("worker: orders: index damaged");
    }

    @Test
    void aStartThatFailsAsExpectedIsOneLineWithoutATrace() {
        var log = StandardError.during(() -> assertThat(run(parts -> {
            var coordinator = new Lifecycle("coordinator");
            parts.start("worker", () -> coordinator.start("http", () -> {
                throw new IOException("listen: 127.0.0.1:7070 (expected: a port that is free)");
            }));
        })).isEqualTo(1));
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly("worker: listen: 127.0.0.1:7070 (expected: a port that is free)");
        assertThat(log).isEmpty();
    }

    @Test
    void whatWaitsWhileAnotherPartFailsIsNotToldAsAFailure() {
        var log = StandardError.during(() -> assertThat(run(parts -> {
            var kafka = Thread.ofVirtual().start(() -> {
                try {
                    parts.start("kafka", () -> {
                        new CountDownLatch(1).await();
                        return () -> {};
                    });
                } catch (Exception e) {
                    Thread.currentThread().interrupt();
                }
            });
            try {
                parts.start("postgresql", () -> Reachability.within(Duration.ZERO).await("PostgreSQL at db", () -> {
                    throw new ConnectException();
                }));
            } finally {
                kafka.interrupt();
                kafka.join();
            }
        })).isEqualTo(4));
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly("worker: PostgreSQL at db: connection refused, given up after 1 attempt");
        assertThat(log).isEmpty();
    }

    @Test
    void aDefectKeepsItsTrace() {
        var log = StandardError.during(() -> assertThat(run(parts -> parts.start("index", () -> {
            throw new IllegalStateException("negative size");
        }))).isEqualTo(1));
        assertThat(printed.toString(StandardCharsets.UTF_8).lines()).containsExactly("worker: index: negative size");
        assertThat(log).containsOnlyOnce("worker: index failed").contains("at dev.spillway.service.ServiceProcessTest");
    }

    @Test
    void aStopDuringAStartThatWaitsInterruptsIt() throws Exception {
        var waiting = new CountDownLatch(1);
        var code = new FutureTask<>(() -> run(parts -> {
            waiting.countDown();
            new CountDownLatch(1).await();
        }));
        Thread.ofVirtual().start(code);
        waiting.await();
        lifecycle.requestStop();
        assertThat(code.get()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"running", "waiting"})
    void sigtermClosesThePartsInOrderBeforeHooksOfOthersAndEndsWithZero(String behaviour) throws Exception {
        assertEnds(behaviour, "TERM", 0, "sleepy: stopping, in at most 300 s", "http closed", "database closed", "code 0", "hook");
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "HUP"})
    void othersDoTheSame(String signal) throws Exception {
        assertEnds("running", signal, 0, "sleepy: stopping, in at most 300 s", "http closed", "database closed", "code 0", "hook");
    }

    @Test
    void aCloseThatHangsIsBoundedAndNamed() throws Exception {
        assertEnds(
                "stuck",
                "TERM",
                1,
                "sleepy: stopping, in at most 1 s",
                "closing",
                "sleepy: not closed in PT1S, still closing http",
                "code 1",
                "hook");
    }

    @Test
    void aChildThatDoesNotStopInTimeIsKilled() throws Exception {
        // The exit code of a killed process is 128 plus 9, the number of SIGKILL.
        assertEnds(
                "stuck child",
                "TERM",
                1,
                "sleepy: stopping, in at most 1 s",
                "http closed",
                "database closed",
                "sleepy: not closed in PT1S, still closing servers",
                "child ended with 137",
                "code 1",
                "hook");
    }

    @Test
    void aSecondSignalDoesNotCutTheCloseShort() throws Exception {
        var process = start("stuck");
        try (var out = process.inputReader(StandardCharsets.UTF_8)) {
            awaitLine(out, "ready");
            signal(process, "INT");
            awaitLine(out, "sleepy: stopping, in at most 1 s");
            awaitLine(out, "closing");
            signal(process, "INT");
            assertThat(out.readAllLines()).containsExactly(
                    "sleepy: stopping already",
                    "sleepy: not closed in PT1S, still closing http",
                    "code 1",
                    "hook");
            assertThat(process.waitFor()).isEqualTo(1);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Sends a signal to a service that is ready, and asserts on its exit code and on all that it prints from then on. */
    private static void assertEnds(String behaviour, String signal, int code, String... lines) throws Exception {
        var process = start(behaviour);
        try (var out = process.inputReader(StandardCharsets.UTF_8)) {
            awaitLine(out, "ready");
            signal(process, signal);
            assertThat(out.readAllLines()).containsExactly(lines);
            assertThat(process.waitFor()).isEqualTo(code);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static Process start(String behaviour) throws IOException {
        // A shell may start tests with SIGINT ignored, for example in the background. A child would inherit that.
        return new ProcessBuilder(
                "env",
                "--default-signal=INT,HUP",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                SleepyService.class.getName(),
                behaviour)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static void signal(Process process, String name) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor()).isZero();
    }

    private static void awaitLine(BufferedReader out, String expected) throws IOException {
        assertThat(out.readLine()).isEqualTo(expected);
    }
}
