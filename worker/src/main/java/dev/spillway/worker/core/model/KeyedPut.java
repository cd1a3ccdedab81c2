package dev.spillway.worker.core.model;

/** The state of an idempotency key that a put comes with. */
public sealed interface KeyedPut {
    /** Nothing was kept under the key, or its put was surely not registered: the put is to be carried out. */
    record Begun() implements KeyedPut {}

    /**
     * A put came with the key before. An equal digest makes it the same put; with another digest, the key is taken. The digest of a streamed body is
     * known at its end only.
     */
    record Met(KeptRequest.Put earlier) implements KeyedPut {}

    /** The key came with a request of another kind before. */
    record KeyTaken() implements KeyedPut {}
}
