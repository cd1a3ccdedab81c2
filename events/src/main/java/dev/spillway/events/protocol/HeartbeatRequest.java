package dev.spillway.events.protocol;

import dev.spillway.events.Report;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The slow way that always works.
 *
 * @param unacknowledged reports that the registry has not acknowledged yet, oldest first
 * @param policyVersion  the version of the policies that the worker has
 * @param highestGeneration the highest generation that the store has seen; absent from a worker of a release that told it at join only
 */
public record HeartbeatRequest(Sender sender, HostFigures figures, List<Report> unacknowledged, long policyVersion,
        @Nullable Long highestGeneration) implements FencedMessage<HeartbeatAnswer> {
    /** From a worker that does not say what it has seen. */
    public HeartbeatRequest(Sender sender, HostFigures figures, List<Report> unacknowledged, long policyVersion) {
        this(sender, figures, unacknowledged, policyVersion, null);
    }
}
