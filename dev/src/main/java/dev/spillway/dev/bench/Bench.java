package dev.spillway.dev.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.spillway.bench.Benchmark;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Benchmarks;
import dev.spillway.bench.Effort;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.SpillwayCommand;
import dev.spillway.embedded.EmbeddedServerException;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.codec.Json;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs a benchmark. */
@Command(
        name = "bench",
        description = {
                "Run a benchmark beside its baselines, on servers of its own that are gone at the end. At most 20 minutes.",
                "Ends with 0 when it measured, whether the bars are held or missed."})
public final class Bench implements SpillwayCommand {
    /** Time limit of a stop, twice that of one server. */
    private static final Duration STOP_WITHIN = Duration.ofSeconds(30);

    private final Console console;
    @Spec
    private CommandSpec spec;
    @Parameters(paramLabel = "NAME", description = "What to measure: ${COMPLETION-CANDIDATES}.", completionCandidates = Names.class)
    private String name = "";
    @Option(names = "--json", description = "Print JSON, the bars last.")
    private boolean json;
    @Option(names = "--quick", description = "Only show that everything works, in about a minute; the figures mean nothing.")
    private boolean quick;
    @Option(
            names = "--minutes",
            paramLabel = "N",
            description = "How long the long run takes, 1 to 10 (default: 10, which the bars are meant for).")
    private @Nullable Integer minutes;

    public Bench(Console console) {
        this.console = console;
    }

    /** The names of the benchmarks. */
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Benchmarks.all().stream().map(Benchmark::name).iterator();
        }
    }

    @Override
    public CommandOutcome call() throws InterruptedException {
        Benchmark benchmark = Benchmarks.named(name).orElseThrow(() -> wrong("benchmark: " + name + " (expected: " + names() + ")"));
        Effort effort = effort();
        CountDownLatch ended = new CountDownLatch(1);
        Thread stopping = stopping(Thread.currentThread(), ended);
        Runtime.getRuntime().addShutdownHook(stopping);
        try {
            BenchReport report = benchmark.run(effort, console::progress);
            console.progressEnded();
            print(report);
            return CommandOutcome.done();
        } catch (BenchmarkFailedException | EmbeddedServerException e) {
            console.progressEnded();
            return CommandOutcome.failed("nothing was measured: " + e.getMessage());
        } finally {
            ended.countDown();
            leave(stopping);
        }
    }

    private Effort effort() {
        if (quick && minutes != null) {
            throw wrong("--minutes: " + minutes + " (expected: not together with --quick)");
        }
        try {
            return quick ? Effort.ofQuick() : Effort.full(minutes == null ? Effort.LONG_RUN_MINUTES_MAX : minutes);
        } catch (InvalidValueException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }

    private void print(BenchReport report) {
        if (json) {
            try {
                console.out().println(Json.strict().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(report));
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("report: " + report + " (expected: what can be written as JSON)", e);
            }
        } else {
            new PrintedReport(report, console.out()).print();
        }
    }

    /** Returns the hook for Ctrl-C. The thread that started servers also stops them, and the process waits for it. */
    private static Thread stopping(Thread running, CountDownLatch ended) {
        return new Thread(() -> {
            running.interrupt();
            try {
                ended.await(STOP_WITHIN.toSeconds(), TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "stopping");
    }

    private static void leave(Thread stopping) {
        try {
            Runtime.getRuntime().removeShutdownHook(stopping);
        } catch (IllegalStateException e) {
            // The hook is running already, so the process is ending.
            Thread.currentThread().interrupt();
        }
    }

    private static String names() {
        return Benchmarks.all().stream().map(each -> each.name() + ": " + each.description()).collect(Collectors.joining("; "));
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
