package dev.spillway.bench.http;

import dev.spillway.bench.BenchmarkFailedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One address that wrk asks for again and again on connections that are kept: requests per second, round by round. Not thread-safe. */
final class Wrk {
    private static final Pattern RATE = Pattern.compile("Requests/sec:\\s+([0-9.]+)");
    private static final List<String> FAILURES = List.of("Non-2xx", "Socket errors");

    /** Timeout of wrk, longer than any measured answer. */
    private static final String TIMEOUT = "60s";

    private final String url;
    private final int connections;
    private final List<Double> rounds = new ArrayList<>();

    Wrk(String address, String path, int connections) {
        this.url = "http://" + address + path;
        this.connections = connections;
    }

    void warm(Duration time) throws IOException, InterruptedException {
        run(time);
    }

    void measure(Duration time) throws IOException, InterruptedException {
        rounds.add(run(time));
    }

    /** Returns the median of all rounds. */
    double perSecond() {
        List<Double> sorted = rounds.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    private double run(Duration time) throws IOException, InterruptedException {
        // wrk accepts whole seconds only.
        String seconds = Math.max(1, time.toSeconds()) + "s";
        Process process = new ProcessBuilder(
                Tools.path("wrk").orElseThrow(),
                "-t",
                "1",
                "-c",
                Integer.toString(connections),
                "-d",
                seconds,
                "--timeout",
                TIMEOUT,
                url).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Matcher rate = RATE.matcher(output);
        if (process.waitFor() != 0 || !rate.find() || FAILURES.stream().anyMatch(output::contains)) {
            throw new BenchmarkFailedException("wrk of %s: %s (expected: answers of 200 only)".formatted(url, output));
        }
        return Double.parseDouble(rate.group(1));
    }
}
