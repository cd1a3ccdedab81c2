package dev.spillway.service.kafka;

import dev.spillway.service.ConnectionTrouble;
import dev.spillway.service.UnusableServerException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;

/** Explains in plain words why Kafka could not be used, because its clients report almost every trouble as a timeout. */
public final class KafkaTrouble {
    private KafkaTrouble() {}

    /**
     * Checks, after a failed call, whether anything listens at the servers. Takes at most the time limit of calls in these settings.
     *
     * @return the trouble, with the servers' names only if they have different troubles
     */
    public static String inWords(KafkaSettings settings, Exception failure) {
        try {
            Listening.require(settings.servers(), settings.deliveryTimeout().dividedBy(settings.servers().size()));
        } catch (UnusableServerException e) {
            return ConnectionTrouble.inWords(e);
        }
        return ConnectionTrouble.inWords(failure instanceof ExecutionException e ? explained(e, settings) : failure);
    }

    static Exception explained(ExecutionException failure, KafkaSettings settings) {
        return switch (failure.getCause()) {
            case AuthenticationException e -> new UnusableServerException("authentication failed: " + e.getMessage(), failure);
            case AuthorizationException e -> new UnusableServerException("not authorized: " + e.getMessage(), failure);
            case TimeoutException e -> new UnusableServerException(
                    "something listens there and does not answer as Kafka does, timed out after " + settings.deliveryTimeout().toMillis()
                            + " ms",
                    failure);
            case null, default -> failure;
        };
    }
}
