package dev.spillway.api;

import java.util.List;

/** The operations of every service. */
public final class CommonApi {
    public static final Operation LIVENESS = Operation.get("/livez").only();
    public static final Operation READINESS = Operation.get("/readyz").only();
    public static final Operation METRICS = Operation.get("/metrics");
    public static final Operation OPEN_API = Operation.get("/openapi.yaml");
    public static final Operation LIST_LOGGERS = Operation.get("/v1/loggers").query("under");
    public static final Operation SET_LOGGER = Operation.put("/v1/loggers/{name}").only(Role.OPERATOR);

    private CommonApi() {}

    public static List<Operation> all() {
        return List.of(LIVENESS, READINESS, METRICS, OPEN_API, LIST_LOGGERS, SET_LOGGER);
    }
}
