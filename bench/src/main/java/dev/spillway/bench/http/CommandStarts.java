package dev.spillway.bench.http;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.fleet.SmallFleet;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.Figure;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Whole processes of the command line, in turns with {@code java -version}. Measured where the benchmark was started by the launcher. */
final class CommandStarts {
    /** System property with the path of the launcher, which the launcher sets. */
    private static final String LAUNCHER = "spillway.launcher";
    private static final int ENTRIES = 10;
    private static final long PATIENCE_SECONDS = 60;

    private final SmallFleet fleet;
    private final int turns;

    CommandStarts(SmallFleet fleet, Effort effort) {
        this.fleet = fleet;
        this.turns = effort.quick() ? 2 : 15;
    }

    void measure(StepListener progress, List<Figure> figures, List<Bar> bars) throws IOException, InterruptedException {
        String launcher = System.getProperty(LAUNCHER);
        if (launcher == null) {
            progress.step("commands are not measured: -D" + LAUNCHER + " is not set");
            return;
        }
        for (int entry = 0; entry < ENTRIES; entry++) {
            String path = "/v1/namespaces/listed/entries/e" + entry;
            if (entry == 0) {
                new Exchange(fleet.coordinator(), caller -> () -> Exchange.put("/v1/namespaces/listed", "{\"maxEntries\":1000}")).once();
            }
            new Exchange(fleet.coordinator(), caller -> () -> Exchange.put(path, "{\"snapshotId\":\"s\"}")).once();
        }
        List<List<String>> commands = List.of(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-version"),
                List.of(launcher, "--help"),
                List.of(launcher, "ls", "listed", "--url", "http://" + fleet.coordinator()));
        double[][] millis = new double[commands.size()][turns];
        for (int turn = 0; turn < turns; turn++) {
            progress.step("turn %d of %d: starts of commands".formatted(turn + 1, turns));
            for (int command = 0; command < commands.size(); command++) {
                millis[command][turn] = millis(commands.get(command));
            }
        }
        double version = median(millis[0]);
        double help = median(millis[1]);
        double ls = median(millis[2]);
        figures.addAll(
                List.of(
                        new Figure("java -version", version, "ms"),
                        new Figure("spillway --help", help, "ms"),
                        new Figure("spillway ls of ten entries", ls, "ms")));
        bars.add(Bar.atMost("time of spillway --help, to java -version", help, version, 3));
        bars.add(Bar.atMost("time of spillway ls of ten entries, to java -version", ls, version, 5));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static double millis(List<String> command) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        Process process = new ProcessBuilder(command).redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD).start();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new BenchmarkFailedException(command + " (expected: to end with 0)");
        }
        return (System.nanoTime() - begin) / 1e6;
    }
}
