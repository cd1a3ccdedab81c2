package dev.spillway.bench.http;

import dev.spillway.bench.Benchmark;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.fleet.SmallFleet;
import dev.spillway.bench.measure.Bar;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Run;
import dev.spillway.bench.measure.Scenario;
import dev.spillway.bench.measure.TemporaryFolder;
import dev.spillway.service.identity.AccessToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.SocketFactory;

/**
 * Measures a directory hit at three workers of one fleet: one without authentication, one that requires a token, and one with TLS. Then measures
 * messages on Kafka with and without their authentication code.
 */
public final class SecurityBenchmark implements Benchmark {
    private static final int CALLERS = 16;
    /** Number of warm-up rounds. Three services and their client share a process, whose code is compiled as it is used. */
    private static final int WARM_ROUNDS = 5;
    /** Number of rounds. Rounds differ by more than the expected cost of 5 %, so there are many short ones. */
    private static final int ROUNDS = 31;
    private static final Duration WARM_UP = Duration.ofMillis(500);
    private static final Duration MEASURED = Duration.ofSeconds(1);
    private static final double TOKEN_BOUND = 1.05;
    private static final double TLS_BOUND = 1.3;
    private static final double MICROS = 1e6;
    private static final String NAMESPACE = "bench";
    private static final String HIT = "/v1/directories/" + NAMESPACE + "/entries/";

    @Override
    public String name() {
        return "security";
    }

    @Override
    public String description() {
        return "what a token and TLS cost a request, and a proof a message, beside none";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        progress.step("starting a fleet of three hosts");
        String token = AccessToken.mint(new SecureRandom());
        try (TemporaryFolder folder = TemporaryFolder.create("spillway-security-")) {
            Path tokens = Files.writeString(folder.path().resolve("tokens"), "bench operator " + AccessToken.digest(token));
            BenchCertificate certificate = BenchCertificate.make(folder.path());
            return run(effort, progress, token, tokens, certificate, run);
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            throw new BenchmarkFailedException("security: " + e, e);
        }
    }

    private BenchReport run(
            Effort effort,
            StepListener progress,
            String token,
            Path tokens,
            BenchCertificate certificate,
            Run run)
            throws Exception {
        try (SmallFleet fleet = SmallFleet.start(Map.of("tokens-file", tokens.toString()), Map.of())) {
            Machine machine = Machine.read(fleet.folder());
            String asking = fleet.worker("host-2", Map.of("require-tokens", "true")).address().toString();
            String speaking = fleet
                    .worker(
                            "host-3",
                            Map.of("tls-certificate", certificate.certificate().toString(), "tls-key", certificate.key().toString()))
                    .address()
                    .toString();
            new Exchange(fleet.coordinator(), caller -> () -> Exchange.put("/v1/namespaces/" + NAMESPACE, "{\"maxEntries\":10}")).once();
            Path tree = Files.createDirectories(fleet.folder().resolve("tree"));
            Files.writeString(tree.resolve("file"), "content");
            SocketFactory tcp = SocketFactory.getDefault();
            put(fleet.worker(), "plain", tree, token, tcp);
            put(asking, "asking", tree, token, tcp);
            put(speaking, "speaking", tree, token, certificate.trusting());
            Scenario plain = scenario("directory hit", get(fleet.worker(), "plain", "", tcp));
            Scenario shown = scenario("directory hit, a token is asked for", get(asking, "asking", bearer(token), tcp));
            Scenario secured = scenario("directory hit, by TLS", get(speaking, "speaking", "", certificate.trusting()));
            List<Scenario> all =
                    Stream.concat(Stream.of(plain, shown, secured), new ProvenMessages().scenarios().stream()).toList();
            for (int round = 1; round <= WARM_ROUNDS; round++) {
                for (Scenario each : all) {
                    progress.step("warming up, round %d of %d: %s".formatted(round, WARM_ROUNDS, each.title()));
                    each.warm(effort);
                }
            }
            Effort turns = effort.quick() ? effort : new Effort(false, ROUNDS, WARM_UP, MEASURED, effort.longRun());
            for (int round = 1; round <= turns.rounds(); round++) {
                // The order alternates, so that a trend of the machine affects all lines alike.
                for (Scenario each : round % 2 == 0 ? all.reversed() : all) {
                    progress.step("round %d of %d: %s".formatted(round, turns.rounds(), each.title()));
                    each.measure(turns);
                }
            }
            List<Bar> bars = List.of(
                    Bar.atMost(
                            "microseconds per request with a token, to one without",
                            MICROS / shown.perSecond(),
                            MICROS / plain.perSecond(),
                            TOKEN_BOUND),
                    Bar.atMost(
                            "microseconds per request by TLS, to one without",
                            MICROS / secured.perSecond(),
                            MICROS / plain.perSecond(),
                            TLS_BOUND));
            return run.report(
                    machine,
                    Map.of(),
                    all.stream().map(Scenario::result).toList(),
                    List.of(),
                    List.of(),
                    bars);
        }
    }

    private static Scenario scenario(String name, Exchange load) {
        return new Scenario(name, "gets", 1, CALLERS, load);
    }

    private static String bearer(String token) {
        return "Authorization: Bearer " + token + "\r\n";
    }

    private static Exchange get(String address, String key, String headers, SocketFactory sockets) {
        byte[] request = "GET %s HTTP/1.1\r\nHost: bench\r\n%s\r\n".formatted(HIT + key, headers).getBytes(StandardCharsets.US_ASCII);
        return new Exchange(address, caller -> () -> request, sockets);
    }

    private static void put(String address, String key, Path tree, String token, SocketFactory sockets) throws IOException {
        String body = "{\"sourceDir\":\"" + tree + "\"}";
        byte[] request = "PUT %s HTTP/1.1\r\nHost: bench\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(HIT + key, bearer(token), body.length(), body)
                .getBytes(StandardCharsets.US_ASCII);
        new Exchange(address, caller -> () -> request, sockets).once();
    }
}
