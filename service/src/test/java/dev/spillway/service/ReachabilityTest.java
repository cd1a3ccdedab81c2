package dev.spillway.service;

import java.net.ConnectException;
import java.time.Duration;
import java.time.Instant;
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
            new Reachability(Duration.ofSeconds(10), new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(4)), () -> now, new Random(7),
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
        })).isInstanceOf(NotReachableException.class)
                .hasMessageStartingWith("Kafka at 127.0.0.1:9092: not reachable in PT10S, ")
                .hasMessageEndingWith("last error: java.net.ConnectException: refused");
        assertThat(now).isEqualTo(Instant.EPOCH.plusSeconds(10));
    }

    @Test
    void oneAttemptIsMadeEvenWithoutTime() throws Exception {
        var none = new Reachability(Duration.ZERO, new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(4)), () -> now, new Random(7),
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
