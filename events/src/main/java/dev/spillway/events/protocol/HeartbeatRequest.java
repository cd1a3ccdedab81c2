package dev.spillway.events.protocol;

import dev.spillway.events.Report;
import java.util.List;

/**
 * The slow way that always works.
 *
 * @param unacknowledged reports that the registry has not acknowledged yet, oldest first
 * @param policyVersion  the version of the policies that the worker has
 * @param highestGeneration the highest generation that the store has seen, 0 if none
 */
public record HeartbeatRequest(Sender sender, HostFigures figures, List<Report> unacknowledged, long policyVersion,
        long highestGeneration) implements FencedMessage<HeartbeatAnswer> {}
