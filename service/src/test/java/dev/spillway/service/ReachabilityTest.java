package dev.spillway.service;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ReachabilityTest {
    private Instant now = Instant.EPOCH;
    private final List<Duration> slept = new ArrayList<>();
    private final Reachability reachability =
            new Reachability(
                    Duration.ofSeconds(10),
                    new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(4)),
                    () -> now,
                    new Random(7),
                    duration -> {
                        slept.add(duration);
                        now = now.plus(duration);
                    });

    @Test
    void aServerThatComesUpLaterIsWaitedFor() throws Exception {
        var attempts = new ArrayList<Instant>();
        var found = reachability.await("Kafka at 127.0.0.1:9092", () -> {
            attempts.add(now);
            if (attempts.size() < 4) {
                throw new ConnectException("refused");
            }
            return "here";
        });
        assertThat(found).isEqualTo("here");
        assertThat(attempts).hasSize(4);
        assertThat(slept).hasSize(3).allSatisfy(delay -> assertThat(delay).isLessThanOrEqualTo(Duration.ofSeconds(4)));
    }

    @Test
    void aServerThatStaysAwayIsNamedWithTheLastError() {
        assertThatThrownBy(() -> reachability.await("Kafka at 127.0.0.1:9092", () -> {
            throw new IllegalStateException(new ConnectException("refused"));
        })).isInstanceOf(DependencyUnavailableException.class)
                .hasMessageMatching("Kafka at 127.0.0.1:9092: connection refused, given up after [0-9]+ attempts in 10 s");
        assertThat(now).isEqualTo(Instant.EPOCH.plusSeconds(10));
    }

    @Test
    void eachAttemptIsOneLineThatSaysInPlainWordsWhatIsWrong() {
        var troubles = new ArrayDeque<Exception>(
                List.of(
                        new IOException("I/O", new UnknownHostException("kafka.example")),
                        new IllegalStateException(new SocketTimeoutException("Connect timed out")),
                        new NoRouteToHostException(),
                        new SQLException("The connection attempt failed.", "08001", new ConnectException("Connection refused")),
                        new ConnectException("Network is unreachable"),
                        new UnusableServerException("the database does not exist", new SQLException("FATAL: x", "3D000")),
                        new IllegalStateException("odd\nmany lines of it")));
        var log = StandardError.during(() -> assertThatThrownBy(() -> reachability.await("Kafka at kafka.example:9092", () -> {
            throw troubles.size() > 1 ? troubles.removeFirst() : troubles.getFirst();
        })).isInstanceOf(DependencyUnavailableException.class));
        assertThat(log.lines().map(line -> line.substring(line.indexOf("Kafka at"))).limit(7))
                .map(line -> line.replaceFirst(", trying.*", ""))
                .containsExactly(
                        "Kafka at kafka.example:9092: unknown host name, attempt 1",
                        "Kafka at kafka.example:9092: timed out, attempt 2",
                        "Kafka at kafka.example:9092: no route to the host, attempt 3",
                        "Kafka at kafka.example:9092: connection refused, attempt 4",
                        "Kafka at kafka.example:9092: network unreachable, attempt 5",
                        "Kafka at kafka.example:9092: the database does not exist, attempt 6",
                        "Kafka at kafka.example:9092: odd, attempt 7");
    }

    @Test
    void oneAttemptIsMadeEvenWithoutTime() throws Exception {
        var none = new Reachability(
                Duration.ZERO,
                new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(4)),
                () -> now,
                new Random(7),
                slept::add);
        assertThat(none.<String>await("PostgreSQL", () -> "here")).isEqualTo("here");
    }

    @Test
    void anInterruptEndsTheWait() {
        assertThatThrownBy(() -> reachability.await("PostgreSQL", () -> {
            throw new InterruptedException();
        })).isInstanceOf(InterruptedException.class);
        assertThat(slept).isEmpty();
    }
}
