package dev.spillway.api;

/** Headers of requests and answers that are ours, or that both sides must agree on. */
public final class Headers {
    /** Names a change, so that it can be sent again and is made once. */
    public static final String IDEMPOTENCY_KEY = "Idempotency-Key";
    /** The generation of the tree that an archive holds. */
    public static final String GENERATION = "Spillway-Generation";
    /** The event behind which a stream of events goes on. */
    public static final String LAST_EVENT_ID = "Last-Event-ID";

    /** The token of the client whose request a worker passes on. Sent to coordinators alone. */
    public static final String CLIENT_TOKEN = "Spillway-Client-Token";

    private Headers() {}
}
