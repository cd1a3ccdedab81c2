package dev.spillway.service;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.InstantSource;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits at the start for servers that may become available later than this service.
 *
 * @param within time limit of the attempts; the first attempt is always made
 * @param backoff delays between attempts
 */
public record Reachability(Duration within, Backoff backoff, InstantSource clock, RandomGenerator random, Sleeper sleeper) {

    private static final Logger LOG = LoggerFactory.getLogger(Reachability.class);

    /**
     * One attempt to reach a server. An exception means that it cannot be used now, and another attempt follows. The message of an
     * {@link UnusableServerException} is used as it is.
     */
    @FunctionalInterface
    public interface Probe<T> {
        T attempt() throws Exception;
    }

    @FunctionalInterface
    public interface Sleeper {
        void sleep(Duration duration) throws InterruptedException;
    }

    /** Returns a wait with this time limit, the system's clock and delays from 200 ms to 5 s. */
    public static Reachability within(Duration within) {
        return new Reachability(
                within,
                new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5)),
                InstantSource.system(),
                RandomGenerator.getDefault(),
                Thread::sleep);
    }

    /**
     * Blocks until the probe succeeds and returns what it returned.
     *
     * @param server name and address of the server, such as {@code Kafka at 127.0.0.1:9092}; begins the log line of each attempt
     * @throws DependencyUnavailableException after the last failed attempt
     */
    public <T> T await(String server, Probe<T> probe) throws DependencyUnavailableException, InterruptedException {
        var deadline = clock.instant().plus(within);
        for (int attempt = 1;; attempt++) {
            try {
                return probe.attempt();
            } catch (InterruptedException e) {
                throw e;
            } catch (Exception e) {
                var left = Duration.between(clock.instant(), deadline);
                var why = ConnectionTrouble.inWords(e);
                LOG.debug("{}: attempt {}", server, attempt, e);
                if (!left.isPositive()) {
                    throw new DependencyUnavailableException(server, why, effort(attempt), e);
                }
                var delay = backoff.delay(attempt, random);
                LOG.warn("{}: {}, attempt {}, trying for another {} s", server, why, attempt, left.toSeconds());
                sleeper.sleep(delay.compareTo(left) < 0 ? delay : left);
            }
        }
    }

    private String effort(int attempts) {
        return (attempts == 1 ? "1 attempt" : attempts + " attempts")
                + (within.isPositive() ? " in " + BigDecimal.valueOf(within.toMillis(), 3).stripTrailingZeros().toPlainString() + " s"
                        : "");
    }
}
