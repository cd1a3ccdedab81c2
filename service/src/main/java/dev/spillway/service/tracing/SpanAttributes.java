package dev.spillway.service.tracing;

/** Names of the attributes of Spillway's own spans. */
public final class SpanAttributes {
    public static final String EVICTION = "spillway.eviction.id";
    public static final String REPLICA = "spillway.replica.id";
    public static final String REQUEST = "spillway.request.id";
    public static final String NAMESPACE = "spillway.namespace";
    public static final String KEY = "spillway.key";
    public static final String CAUSE = "spillway.cause";
    public static final String HOST = "spillway.host.id";
    public static final String RESULT = "spillway.result";
    /** Number of hosts that held a copy. */
    public static final String REPLICAS = "spillway.replicas";
    public static final String ATTEMPT = "spillway.order.attempt";

    private SpanAttributes() {}
}
