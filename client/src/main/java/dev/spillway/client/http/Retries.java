package dev.spillway.client.http;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.client.NotReachableException;
import dev.spillway.client.OutcomeUnknownException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Retries a request until its outcome is known or its time is over. It retries if there was no connection or no answer, and after a refusal that says
 * when to try again. All attempts of a change have the same idempotency key, so it is made once. Thread-safe.
 */
public final class Retries {
    private static final long PAUSE_MILLIS_MIN = 50;
    private static final long PAUSE_MILLIS_MAX = 2_000;

    private final Servers servers;
    private final Duration patience;
    private final boolean untilSent;

    /** @param patience time for retries after the first failed attempt */
    public Retries(Servers servers, Duration patience) {
        this(servers, patience, false);
    }

    private Retries(Servers servers, Duration patience, boolean untilSent) {
        this.servers = servers;
        this.patience = patience;
        this.untilSent = untilSent;
    }

    /** Returns the same servers with a single attempt. */
    public Retries once() {
        return new Retries(servers, Duration.ZERO, untilSent);
    }

    /**
     * Returns the same servers, with retries only while the request was certainly not carried out. It is for changes whose server has no idempotency
     * keys, because a repetition would make them twice. An unknown outcome is final.
     */
    public Retries untilSent() {
        return new Retries(servers, patience, true);
    }

    /**
     * Sends a request and returns its answer's body.
     *
     * @throws ProblemException if the server refuses it
     * @throws NotReachableException             if it is certainly not done, because no server could be reached, or if a read was not answered
     * @throws OutcomeUnknownException           if a change was sent and its outcome could not be found out
     * @throws IllegalStateException             if the client was closed before
     */
    public <T> T send(Call call, TypeReference<T> type) throws InterruptedException {
        return known(call, servers.typed(type));
    }

    /** Does the same as {@link #send(Call, TypeReference)}. */
    public <T> T send(Call call, Class<T> type) throws InterruptedException {
        return known(call, servers.typed(type));
    }

    /**
     * Does the same as {@link #send(Call, TypeReference)} for an answer that is read while it arrives. After a failure the reader is called again
     * from the beginning.
     */
    public <T> T receive(Call call, JsonClient.BodyReader<T> reader) throws InterruptedException {
        return known(call, servers.received(reader));
    }

    private <T> T known(Call call, Servers.Typed<T> answer) throws InterruptedException {
        servers.client().requireOpen();
        boolean change = !call.isRead();
        Call sent = change && !untilSent ? call.idempotencyKey(UUID.randomUUID().toString()) : call;
        long begin = System.nanoTime();
        @Nullable
        String unknown = null;
        for (int attempt = 0;; attempt++) {
            Outcome<T> outcome = answer.send(sent);
            switch (outcome) {
                case Outcome.Answer<T>(var _, var body) -> {
                    return body;
                }
                case Outcome.Unknown<T>(var why) -> unknown = why;
                case Outcome.Refused<T>(var problem) when leavesUnknown(problem) -> unknown = problem.detail();
                default -> {}
            }
            if (untilSent && unknown != null) {
                throw failure(outcome, change ? unknown : null);
            }
            long pause = pauseMillis(outcome, attempt);
            if (pause < 0 || servers.client().isClosed() || System.nanoTime() - begin + pause * 1_000_000 > patience.toNanos()) {
                throw failure(outcome, change ? unknown : null);
            }
            Thread.sleep(pause);
        }
    }

    /**
     * Returns whether a problem leaves the outcome unknown. A stopping server aborts its requests; with an idempotency key, another attempt finds the
     * outcome out.
     */
    private boolean leavesUnknown(Problem problem) {
        return switch (problem.type()) {
            case OUTCOME_UNKNOWN -> true;
            case HOST_STOPPED, STOPPING -> untilSent;
            default -> false;
        };
    }

    /** Returns the pause before the next attempt; negative if another attempt would have the same outcome. */
    private static long pauseMillis(Outcome<?> outcome, int attempt) {
        long backoff = Math.min(PAUSE_MILLIS_MAX, PAUSE_MILLIS_MIN << Math.min(attempt, 10));
        long jittered = ThreadLocalRandom.current().nextLong(backoff / 2, backoff + 1);
        return switch (outcome) {
            case Outcome.Refused<?>(var problem) when problem.type() == ProblemType.OUTCOME_UNKNOWN -> jittered;
            case Outcome.Refused<?>(var problem) -> problem.retryAfter().map(after -> after.toMillis() + jittered).orElse(-1L);
            case Outcome.Answer<?> _, Outcome.Unreachable<?> _, Outcome.Unknown<?> _ -> jittered;
        };
    }

    private static RuntimeException failure(Outcome<?> outcome, @Nullable String unknown) {
        return switch (outcome) {
            // A final refusal means that no earlier attempt was carried out, because otherwise its stored answer would have been returned.
            case Outcome.Refused<?>(Problem problem) when unknown == null || problem.status() < 500 -> problem.exception();
            case Outcome.Refused<?>(var problem) -> new OutcomeUnknownException(unknown == null ? problem.detail() : unknown);
            case Outcome.Unreachable<?>(var why) when unknown == null -> new NotReachableException(why);
            case Outcome.Unreachable<?>(var why) -> new OutcomeUnknownException(unknown + ", then " + why);
            case Outcome.Unknown<?>(var why) -> unknown == null ? new NotReachableException(why) : new OutcomeUnknownException(why);
            case Outcome.Answer<?> answer -> throw new IllegalArgumentException("outcome: " + answer + " (expected: a failure)");
        };
    }
}
