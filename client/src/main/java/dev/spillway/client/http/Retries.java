package dev.spillway.client.http;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import dev.spillway.client.NotReachableException;
import dev.spillway.client.OutcomeUnknownException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Sends a request again until its outcome is known or its time is over: after no connection, after no answer, and after a refusal that says when to
 * try again. A change has an idempotency key, the same for all attempts, so it is made once. Thread-safe.
 */
public final class Retries {
    private static final long PAUSE_MILLIS_MIN = 50;
    private static final long PAUSE_MILLIS_MAX = 2_000;

    private final Servers servers;
    private final Duration patience;
    private final boolean untilSent;

    /** @param patience how long to go on after the first attempt failed */
    public Retries(Servers servers, Duration patience) {
        this(servers, patience, false);
    }

    private Retries(Servers servers, Duration patience, boolean untilSent) {
        this.servers = servers;
        this.patience = patience;
        this.untilSent = untilSent;
    }

    /** The same servers, asked once. */
    public Retries once() {
        return new Retries(servers, Duration.ZERO, untilSent);
    }

    /**
     * The same servers, asked again only while the request surely was not carried out: for a change that would be made twice, because its server knows
     * no idempotency keys. Once the outcome is unknown, it stays so.
     */
    public Retries untilSent() {
        return new Retries(servers, patience, true);
    }

    /**
     * Sends a request and returns its answer's body.
     *
     * @throws dev.spillway.api.ProblemException when the server refuses it
     * @throws NotReachableException             when it is surely not done, because no server could be reached, or when a read was not answered
     * @throws OutcomeUnknownException           when a change was sent and nobody could tell what became of it
     * @throws IllegalStateException             when the client was closed before
     */
    public <T> T send(Call call, TypeReference<T> type) throws InterruptedException {
        return known(call, servers.typed(type));
    }

    /** As {@link #send(Call, TypeReference)}. */
    public <T> T send(Call call, Class<T> type) throws InterruptedException {
        return known(call, servers.typed(type));
    }

    /** As {@link #send(Call, TypeReference)}, for an answer that is read as it arrives. After a failure the reader begins anew. */
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

    /** A server that stops breaks off what it works on. Where keys are known, another attempt tells what became of it. */
    private boolean leavesUnknown(Problem problem) {
        return switch (problem.type()) {
            case OUTCOME_UNKNOWN -> true;
            case HOST_STOPPED, STOPPING -> untilSent;
            default -> false;
        };
    }

    /** Negative where another attempt would have the same outcome. */
    private static long pauseMillis(Outcome<?> outcome, int attempt) {
        long backoff = Math.min(PAUSE_MILLIS_MAX, PAUSE_MILLIS_MIN << Math.min(attempt, 10));
        long jittered = ThreadLocalRandom.current().nextLong(backoff / 2, backoff + 1);
        return switch (outcome) {
            case Outcome.Refused<?>(var problem) when problem.type() == ProblemType.OUTCOME_UNKNOWN -> jittered;
            case Outcome.Refused<?>(var problem) -> problem.retryAfter().map(after -> after.toMillis() + jittered).orElse(-1L);
            case Outcome.Answer<?> _,Outcome.Unreachable<?> _,Outcome.Unknown<?> _ -> jittered;
        };
    }

    private static RuntimeException failure(Outcome<?> outcome, @Nullable String unknown) {
        return switch (outcome) {
            // It was refused for good, so no attempt before it was carried out: else its answer would have come again.
            case Outcome.Refused<?>(Problem problem) when unknown == null || problem.status() < 500 -> problem.exception();
            case Outcome.Refused<?>(var problem) -> new OutcomeUnknownException(unknown == null ? problem.detail() : unknown);
            case Outcome.Unreachable<?>(var why) when unknown == null -> new NotReachableException(why);
            case Outcome.Unreachable<?>(var why) -> new OutcomeUnknownException(unknown + ", then " + why);
            case Outcome.Unknown<?>(var why) -> unknown == null ? new NotReachableException(why) : new OutcomeUnknownException(why);
            case Outcome.Answer<?> answer -> throw new IllegalArgumentException("outcome: " + answer + " (expected: a failure)");
        };
    }
}
