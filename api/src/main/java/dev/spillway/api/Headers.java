package dev.spillway.api;

/** Headers of requests and answers that are Spillway's own, or that both sides must agree on. */
public final class Headers {
    /** Identifies a change, so that it can be retried and is made only once. */
    public static final String IDEMPOTENCY_KEY = "Idempotency-Key";
    /** The generation of the tree that an archive holds. */
    public static final String GENERATION = "Spillway-Generation";
    /** The id of the event after which a stream of events resumes. */
    public static final String LAST_EVENT_ID = "Last-Event-ID";

    /** The token of the client whose request a worker passes on. Sent only to coordinators. */
    public static final String CLIENT_TOKEN = "Spillway-Client-Token";

    private Headers() {}
}
