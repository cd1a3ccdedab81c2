package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/** Compares alert rules, the dashboard, runbooks and the list of metrics with what the services of a fleet tell. */
@Tag("full")
class MonitoringTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path RULES = ROOT.resolve("config/prometheus");
    private static final Pattern METRIC = Pattern.compile("\\b(?:spillway|jvm|vertx|kafka)_[a-z_]+");
    private static final Pattern FAMILY = Pattern.compile("(?m)^# HELP (spillway_\\S+) (.*)\\R# TYPE \\S+ (\\S+)$");
    private static final Pattern LABELS = Pattern.compile("([a-z_]+)=\"");
    /** Metrics of services with TLS or tokens, and of a worker with a pager: these have none. */
    private static final Pattern ELSEWHERE = Pattern.compile("spillway_tls_.*|spillway_pager_.*|spillway_requests_refused_total");
    /** Figure that shows once a partition was fetched. */
    private static final String LAG = "kafka_consumer_fetch_manager_records_lag{";

    @TempDir
    static Path scratch;

    private static FleetInProcess fleet;
    private static String ofCoordinator;
    private static String ofWorker;

    private record Ran(int exitCode, String said) {}

    @BeforeAll
    static void start() throws Exception {
        fleet = new FleetInProcess(scratch, 1);
        Path tree = Files.createDirectory(scratch.resolve("tree"));
        assertThat(Http.send("PUT", fleet.url() + "/v1/namespaces/trees", Map.of("maxEntries", 1), Map.of()).status()).isEqualTo(200);
        for (String key : List.of("a", "b")) {
            Eventually.holds(
                    Eventually.HANG,
                    () -> assertThat(
                            Http.send(
                                    "PUT",
                                    fleet.workerUrl(1) + "/v1/directories/trees/entries/" + key,
                                    Map.of("sourceDir", tree.toString()),
                                    Map.of()).status())
                            .isEqualTo(200));
        }
        ofCoordinator = metricsWithLag(fleet.url());
        ofWorker = metricsWithLag(fleet.workerUrl(1));
    }

    private static String metricsWithLag(String url) throws IOException, InterruptedException {
        Eventually.holds(Eventually.HANG, () -> assertThat(Http.get(url + "/metrics").text()).contains(LAG));
        return Http.get(url + "/metrics").text();
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    private static Ran promtool(String input, String... arguments) throws IOException, InterruptedException {
        assumeThat(Path.of("/usr/bin/promtool")).as("promtool is not here").exists();
        List<String> command = new ArrayList<>(List.of("promtool"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).directory(RULES.toFile()).redirectErrorStream(true).start();
        try (var standardInput = process.getOutputStream()) {
            standardInput.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ran(process.waitFor(), said);
    }

    @Test
    void eachRuleIsSilentOnAWellFleetAndFiresOnItsTrouble() throws Exception {
        Ran checked = promtool("", "check", "config", "prometheus.yml");
        assertThat(checked.exitCode()).as(checked.said()).isZero();
        Ran tested = promtool("", "test", "rules", "alerts-test.yml");
        assertThat(tested.exitCode()).as(tested.said()).isZero();
        assertThat(named(RULES.resolve("alerts-test.yml"), "alertname: (\\w+)")).isEqualTo(alerts());
    }

    @Test
    void eachRuleHasARunbook() throws IOException {
        assertThat(named(ROOT.resolve("docs/runbooks.md"), "(?m)^## (\\w+)$")).isEqualTo(alerts());
        assertThat(named(RULES.resolve("alerts.yml"), "runbooks.md#(\\w+)")).isEqualTo(
                alerts().stream().map(alert -> alert.toLowerCase(java.util.Locale.ROOT)).collect(Collectors.toCollection(TreeSet::new)));
    }

    private static Set<String> alerts() throws IOException {
        Set<String> alerts = named(RULES.resolve("alerts.yml"), "alert: (\\w+)");
        assertThat(alerts).isNotEmpty();
        return alerts;
    }

    private static Set<String> named(Path file, String pattern) throws IOException {
        return Pattern.compile(pattern)
                .matcher(Files.readString(file))
                .results()
                .map(result -> result.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void rulesAndDashboardAskForWhatIsTold() throws IOException {
        JsonNode dashboard = new ObjectMapper().readTree(Files.readString(ROOT.resolve("config/grafana/dashboard.json")));
        List<String> asked = new ArrayList<>(List.of(Files.readString(RULES.resolve("alerts.yml"))));
        dashboard.get("panels").forEach(panel -> panel.get("targets").forEach(target -> asked.add(target.get("expr").asText())));
        Set<String> names = asked.stream()
                .flatMap(text -> METRIC.matcher(text).results().map(MatchResult::group))
                .filter(name -> !ELSEWHERE.matcher(name).matches())
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> told = METRIC.matcher(ofCoordinator + ofWorker).results().map(MatchResult::group).collect(Collectors.toSet());
        assertThat(names).hasSizeGreaterThan(15).isSubsetOf(told);
    }

    @Test
    void metricsFollowTheConventions() throws Exception {
        for (String metrics : List.of(ofCoordinator, ofWorker)) {
            Ran checked = promtool(metrics, "check", "metrics");
            assertThat(checked.said().lines().filter(line -> line.startsWith("spillway_"))).isEmpty();
        }
    }

    @Test
    void everyMetricIsInTheList() throws IOException {
        Map<String, String> rows = new TreeMap<>();
        rows(ofCoordinator, "coordinator", rows);
        rows(ofWorker, "worker", rows);
        Files.write(Path.of("target/metrics.md"), rows.values());
        assertThat(Files.readString(ROOT.resolve("docs/metrics.md")).lines()).containsAll(rows.values());
    }

    private static void rows(String metrics, String service, Map<String, String> rows) {
        FAMILY.matcher(metrics).results().forEach(family -> {
            String name = family.group(1);
            Set<String> labels = metrics.lines()
                    .filter(line -> line.matches(name + "(_count|_sum)?\\{.*"))
                    .flatMap(line -> LABELS.matcher(line).results().map(label -> label.group(1)))
                    .collect(Collectors.toCollection(TreeSet::new));
            rows.put(
                    service + name,
                    "| `%s` | %s | %s | %s | %s |".formatted(
                            name,
                            service,
                            family.group(3),
                            labels.isEmpty() ? "-" : String.join(", ", labels),
                            family.group(2)));
        });
    }
}
