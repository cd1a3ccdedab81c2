package dev.spillway.events.protocol;

import java.util.List;

/**
 * Tells a registry that was restored from an older state what a host holds. Old generations are kept: the highest of a key becomes its entry's.
 *
 * @param last whether the host has told of everything with this, all earlier messages being answered
 */
public record ReadoptRequest(Sender sender, List<Readoption> items, boolean last) implements FencedMessage<ReplicaOutcomes> {}
