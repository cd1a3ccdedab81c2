package dev.spillway.worker.core;

/** The answer to a reader who asks for a hold. */
public sealed interface HoldAnswer {
    /** To be given out once the step is durable. */
    record Granted(Hold hold, ReplicaRecord replica) implements HoldAnswer {}

    /** No copy is served. */
    record NotServed() implements HoldAnswer {}

    /** The served copy is older than wanted. */
    record Older(long generation) implements HoldAnswer {}

    /** The host has as many holds as it grants. */
    record TooMany() implements HoldAnswer {}
}
