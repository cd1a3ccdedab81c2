package dev.spillway.dev.bench;

import dev.spillway.api.Sizes;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Figure;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Result;
import dev.spillway.cli.output.Table;
import java.io.PrintStream;
import java.util.Locale;
import java.util.stream.Collectors;

/** Prints a report for people. */
final class PrintedReport {
    private static final String BYTES = "bytes";

    private final BenchReport report;
    private final PrintStream out;

    PrintedReport(BenchReport report, PrintStream out) {
        this.report = report;
        this.out = out;
    }

    void print() {
        out.printf(
                Locale.ROOT,
                "benchmark  %s, %s, took %d s%s%n",
                report.benchmark(),
                report.startedAt(),
                report.took().toSeconds(),
                report.quick() ? "; quick: the figures mean nothing" : "");
        Machine machine = report.machine();
        out.printf(
                Locale.ROOT,
                "machine    %d cores of %s, %s of memory, %s, %s (heap at most %s), data on %s, load at the start %.2f%n",
                machine.cores(),
                machine.processor(),
                size(machine.memoryBytes()),
                machine.kernel(),
                machine.jdk(),
                size(machine.heapMax()),
                machine.fileSystem(),
                machine.loadAtStart());
        out.println(
                "settings   "
                        + report.settings()
                                .entrySet()
                                .stream()
                                .map(each -> each.getKey() + "=" + each.getValue())
                                .collect(Collectors.joining(", ")));
        out.println();
        if (!report.results().isEmpty()) {
            results();
            out.println();
        }
        figures();
        out.println();
        checks();
        out.println();
        bars();
    }

    private void results() {
        Table table =
                new Table("WHAT", "UNIT", ">ENTRIES", ">CALLERS", ">PER SECOND", ">P50 MS", ">P99 MS", ">P99.9 MS", ">REFUSED", "ROUNDS");
        for (Result result : report.results()) {
            table.row(
                    result.name(),
                    result.unit(),
                    whole(result.entries()),
                    whole(result.callers()),
                    rounded(result.perSecond()),
                    millis(result.p50Micros()),
                    millis(result.p99Micros()),
                    millis(result.p999Micros()),
                    whole(result.refused()),
                    result.rounds().stream().map(PrintedReport::rounded).collect(Collectors.joining(" ")));
        }
        table.print(out);
    }

    private void figures() {
        Table table = new Table("FIGURE", ">VALUE", "UNIT");
        for (Figure figure : report.figures()) {
            boolean bytes = figure.unit().equals(BYTES);
            table.row(figure.name(), bytes ? size(Math.round(figure.value())) : rounded(figure.value()), bytes ? "" : figure.unit());
        }
        table.print(out);
    }

    private void checks() {
        Table table = new Table("COUNTED AFTER THE RUNS", "ROWS");
        for (Check check : report.checks()) {
            table.row(
                    check.name(),
                    check.counts()
                            .entrySet()
                            .stream()
                            .map(each -> each.getKey() + " " + whole(each.getValue()))
                            .collect(Collectors.joining("; ")));
        }
        table.print(out);
    }

    private void bars() {
        Table table = new Table("BAR", ">OURS", ">BASELINE", ">RATIO", ">BOUND", "HELD");
        for (Bar bar : report.bars()) {
            table.row(
                    bar.name(),
                    rounded(bar.ours()),
                    bar.baseline() == null ? "-" : rounded(bar.baseline()),
                    String.format(Locale.ROOT, "%.2f", bar.ratio()),
                    String.format(Locale.ROOT, "%.2f", bar.bound()),
                    bar.held() ? "held" : "MISSED");
        }
        table.print(out);
    }

    private static String rounded(double number) {
        // Only shares and errors are small numbers. All others are counts, or have a unit that makes them large.
        return Math.abs(number) < 10 && number != Math.rint(number) ? String.format(Locale.ROOT, "%.4f", number)
                : whole(Math.round(number));
    }

    private static String whole(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String millis(double micros) {
        return String.format(Locale.ROOT, micros < 1_000 ? "%.3f" : "%.1f", micros / 1e3);
    }

    private static String size(long bytes) {
        return bytes >= 1L << 30 ? String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30))
                : bytes >= 1L << 20 ? String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1L << 20)) : Sizes.print(bytes);
    }
}
