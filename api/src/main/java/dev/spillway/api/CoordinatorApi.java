package dev.spillway.api;

import java.util.ArrayList;
import java.util.List;

/** The operations of a coordinator, in addition to those of {@link CommonApi}. */
public final class CoordinatorApi {
    private static final List<Operation> ALL = new ArrayList<>();

    private static final String NAMESPACES = "/v1/namespaces";
    private static final String NAMESPACE = NAMESPACES + "/{namespace}";
    private static final String ENTRIES = NAMESPACE + "/entries";
    private static final String ENTRY = ENTRIES + "/{key}";
    private static final String PLANS = "/v1/plans";
    private static final String PLAN = PLANS + "/{id}";
    private static final String HOSTS = "/v1/hosts";
    private static final String HOST = HOSTS + "/{host}";
    private static final String REGISTRY = "/v1/registry";
    private static final String TOKENS = "/v1/tokens";
    private static final String WORKER = "/v1/workers/{host}/";

    public static final Operation LIST_NAMESPACES = listed(Operation.get(NAMESPACES));
    public static final Operation GET_NAMESPACE = listed(Operation.get(NAMESPACE));
    public static final Operation SET_NAMESPACE = listed(Operation.put(NAMESPACE).only(Role.OPERATOR));
    public static final Operation GET_CURVE = listed(Operation.get(NAMESPACE + "/curve"));
    public static final Operation GET_USAGE = listed(Operation.get(NAMESPACE + "/usage").query("since"));
    public static final Operation PRUNE_NAMESPACE = listed(Operation.post(NAMESPACE + "/prune").only(Role.OPERATOR).passedOnByHosts());
    public static final Operation CLEAN_NAMESPACE = listed(Operation.post(NAMESPACE + "/clean").only(Role.OPERATOR));

    public static final Operation LIST_ENTRIES = listed(Operation.get(ENTRIES).query("limit", "after", "prefix", "label"));
    public static final Operation PUT_ENTRY = listed(Operation.put(ENTRY));
    public static final Operation GET_ENTRY = listed(Operation.get(ENTRY).query("touch", "count"));
    public static final Operation DELETE_ENTRY =
            listed(Operation.delete(ENTRY).query("ifSnapshot").passedOnByHosts());
    public static final Operation PIN_ENTRY = listed(Operation.put(ENTRY + "/pin"));
    public static final Operation UNPIN_ENTRY = listed(Operation.delete(ENTRY + "/pin"));
    public static final Operation LIST_SNAPSHOTS = listed(Operation.get(NAMESPACE + "/snapshots").query("limit", "after"));

    public static final Operation LIST_PLANS = listed(Operation.get(PLANS).query("namespace", "limit", "after"));
    public static final Operation GET_PLAN = listed(Operation.get(PLAN));
    public static final Operation LIST_VICTIMS = listed(Operation.get(PLAN + "/victims").query("kept", "limit", "after"));
    public static final Operation APPLY_PLAN = listed(Operation.post(PLAN + "/apply").only(Role.OPERATOR).passedOnByHosts());

    public static final Operation LIST_EVICTIONS =
            listed(Operation.get("/v1/evictions").query("state", "host", "namespace", "cause", "plan", "limit", "after"));
    public static final Operation GET_EVICTION = listed(Operation.get("/v1/evictions/{id}"));

    public static final Operation LIST_CHANGES =
            listed(Operation.get("/v1/audit").query("namespace", "host", "actor", "limit", "after").only(Role.OPERATOR));

    public static final Operation LIST_HOSTS = listed(Operation.get(HOSTS));
    public static final Operation LIST_REFUSALS = listed(Operation.get("/v1/refusals"));
    public static final Operation GET_HOST = listed(Operation.get(HOST));
    public static final Operation RETIRE_HOST = listed(Operation.delete(HOST).only(Role.OPERATOR));
    public static final Operation LIST_ORDERS_OF_HOST = listed(Operation.get(HOST + "/orders").query("limit", "after"));
    public static final Operation READMIT_HOST = listed(Operation.post(HOST + "/readmit").only(Role.OPERATOR));
    public static final Operation DRAIN_HOST = listed(Operation.post(HOST + "/drain").only(Role.OPERATOR));
    public static final Operation CANCEL_DRAIN = listed(Operation.delete(HOST + "/drain").only(Role.OPERATOR));

    public static final Operation GET_REGISTRY = listed(Operation.get(REGISTRY));
    public static final Operation RESTORED = listed(Operation.post(REGISTRY + "/restored").only(Role.OPERATOR));
    /** Follows the fleet's events as an endless stream of Server-Sent Events. */
    public static final Operation FOLLOW_EVENTS = listed(Operation.get("/v1/events"));

    public static final Operation LIST_TOKENS = listed(Operation.get(TOKENS).query("limit", "after").only(Role.OPERATOR));
    public static final Operation CREATE_TOKEN = listed(Operation.post(TOKENS).only(Role.OPERATOR));
    public static final Operation REVOKE_TOKEN = listed(Operation.delete(TOKENS + "/{name}").only(Role.OPERATOR));
    /** Finds the holder of a token that a worker has received. */
    public static final Operation FIND_TOKEN = listed(Operation.post(TOKENS + "/find").only(Role.HOST));

    /** Returns the holder of the request's own token. */
    public static final Operation GET_IDENTITY = listed(Operation.get("/v1/identity").ofAnyNamespace());

    // Messages of workers.
    public static final Operation JOIN = listed(Operation.post(WORKER + "join").only(Role.HOST));
    public static final Operation REGISTER = listed(Operation.post(WORKER + "register").only(Role.HOST));
    public static final Operation ATTACH = listed(Operation.post(WORKER + "attach").only(Role.HOST));
    public static final Operation RESOLVE = listed(Operation.post(WORKER + "resolve").only(Role.HOST));
    public static final Operation DROP = listed(Operation.post(WORKER + "drop").only(Role.HOST));
    public static final Operation TOUCH = listed(Operation.post(WORKER + "touch").only(Role.HOST));
    public static final Operation HEARTBEAT = listed(Operation.post(WORKER + "heartbeat").only(Role.HOST));
    public static final Operation RECONCILE = listed(Operation.post(WORKER + "reconcile").only(Role.HOST));
    public static final Operation READOPT = listed(Operation.post(WORKER + "readopt").only(Role.HOST));
    public static final Operation DISCREPANCIES = listed(Operation.post(WORKER + "discrepancies").only(Role.HOST));

    private CoordinatorApi() {}

    public static List<Operation> all() {
        return List.copyOf(ALL);
    }

    private static Operation listed(Operation operation) {
        ALL.add(operation);
        return operation;
    }
}
