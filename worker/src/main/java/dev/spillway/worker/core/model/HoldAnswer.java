package dev.spillway.worker.core.model;

/** The answer to a reader who asks for a hold. */
public sealed interface HoldAnswer {
    /** The hold is granted. The reader gets it once the step is durable. */
    record Granted(Hold hold, ReplicaRecord replica) implements HoldAnswer {}

    /** The host serves no copy of the key. */
    record NotServed() implements HoldAnswer {}

    /** The served copy is older than wanted. */
    record Older(long generation) implements HoldAnswer {}

    /** The host has as many holds as it grants. */
    record TooMany() implements HoldAnswer {}
}
