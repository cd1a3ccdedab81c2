package dev.spillway.events.protocol;

import java.util.List;

/** One outcome for each item of a register, attach, resolve or readopt, in the order of the items. */
public record ReplicaOutcomes(List<ReplicaOutcome> outcomes) {}
