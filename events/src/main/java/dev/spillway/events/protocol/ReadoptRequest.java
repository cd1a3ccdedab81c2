package dev.spillway.events.protocol;

import java.util.List;

/**
 * Reports a host's replicas to a registry that was restored from an older state. The replicas keep their generations: the highest one of a key
 * becomes the entry's.
 *
 * @param last whether the host has reported all replicas; it sends this only after all earlier messages were answered
 */
public record ReadoptRequest(Sender sender, List<Readoption> items, boolean last) implements FencedMessage<ReplicaOutcomes> {}
