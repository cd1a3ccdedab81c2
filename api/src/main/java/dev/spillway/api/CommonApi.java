package dev.spillway.api;

import java.util.List;

/** The operations of every service. */
public final class CommonApi {
    public static final Operation LIVENESS = Operation.get("/livez");
    public static final Operation READINESS = Operation.get("/readyz");
    public static final Operation METRICS = Operation.get("/metrics");
    public static final Operation OPEN_API = Operation.get("/openapi.yaml");

    private CommonApi() {}

    public static List<Operation> all() {
        return List.of(LIVENESS, READINESS, METRICS, OPEN_API);
    }
}
