package dev.spillway.events.protocol;

import dev.spillway.events.InvalidValueException;
import dev.spillway.events.Report;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The periodic message of a host to the registry. It carries figures and reports, and its answer carries orders, so the fleet converges without
 * Kafka.
 *
 * @param unacknowledged reports that the registry has not acknowledged yet, oldest first
 * @param policyVersion  the version of the policies that the worker has
 * @param highestGeneration the highest generation that the store has seen, 0 if none
 * @param held replicas in use: at most {@link #HELD_MAX}, those whose holds end last; absent if nothing has changed since the last report of them
 */
public record HeartbeatRequest(
        Sender sender,
        HostFigures figures,
        List<Report> unacknowledged,
        long policyVersion,
        long highestGeneration,
        @Nullable List<HeldReplica> held) implements FencedMessage<HeartbeatAnswer> {
    /** Largest number of held replicas in one message. */
    public static final int HELD_MAX = 1_000;

    public HeartbeatRequest {
        if (held != null && held.size() > HELD_MAX) {
            throw new InvalidValueException("held", held.size(), HELD_MAX + " replicas or fewer");
        }
    }

    /** Creates a heartbeat without replicas in use. */
    public HeartbeatRequest(Sender sender, HostFigures figures, List<Report> unacknowledged, long policyVersion, long highestGeneration) {
        this(sender, figures, unacknowledged, policyVersion, highestGeneration, null);
    }
}
