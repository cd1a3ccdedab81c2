package dev.spillway.events.protocol;

import java.util.List;

/** Adds copies of generations that other hosts hold. */
public record AttachRequest(Sender sender, List<Attachment> items) implements FencedMessage<ReplicaOutcomes> {}
