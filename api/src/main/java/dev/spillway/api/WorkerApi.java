package dev.spillway.api;

import java.util.ArrayList;
import java.util.List;

/** The operations of a worker, in addition to those of {@link CommonApi}. */
public final class WorkerApi {
    private static final List<Operation> ALL = new ArrayList<>();

    private static final String DIRECTORIES = "/v1/directories/{namespace}";
    private static final String ENTRIES = DIRECTORIES + "/entries";
    private static final String ENTRY = ENTRIES + "/{key}";
    private static final String ARTIFACTS = "/v1/artifacts/{namespace}";
    private static final String ARTIFACT = ARTIFACTS + "/{fingerprint}";
    private static final String CACHE = "/cache/{namespace}";
    private static final String CACHED = CACHE + "/{path...}";
    private static final String PAGERS = "/v1/pagers";
    private static final String PAGER = PAGERS + "/{pager}";
    private static final String SEQUENCES = PAGER + "/sequences";
    private static final String SEQUENCE = SEQUENCES + "/{sequence}";
    private static final String VERIFICATION = PAGERS + "/snapshots/{namespace}/{key}/verify";
    private static final String HOLD = "/v1/holds/{id}";

    public static final Operation PUT_DIRECTORY = listed(Operation.put(ENTRY).query("description", "generation", "snapshotId", "strict"));
    public static final Operation GET_DIRECTORY = listed(Operation.get(ENTRY).query("hold", "fresh", "fetch"));
    public static final Operation GET_PUT_OF_DIRECTORY = listed(Operation.get(ENTRY + "/put"));
    public static final Operation DELETE_DIRECTORY = listed(Operation.delete(ENTRY).query("ifSnapshot"));
    public static final Operation GET_ARCHIVE =
            listed(Operation.get(ENTRY + "/archive").only(Role.READER, Role.WRITER, Role.OPERATOR, Role.PEER));
    public static final Operation LIST_DIRECTORIES = listed(Operation.get(ENTRIES).query("limit", "after", "prefix"));
    public static final Operation GET_STATS = listed(Operation.get(DIRECTORIES + "/stats"));
    public static final Operation PRUNE_DIRECTORIES = listed(Operation.post(DIRECTORIES + "/prune").only(Role.OPERATOR));

    public static final Operation PUT_ARTIFACT = listed(Operation.put(ARTIFACT).query("group"));
    public static final Operation GET_ARTIFACT = listed(Operation.get(ARTIFACT).query("fetch"));
    public static final Operation DELETE_ARTIFACT = listed(Operation.delete(ARTIFACT));
    public static final Operation LIST_ARTIFACTS = listed(Operation.get(ARTIFACTS).query("limit", "after", "prefix"));
    public static final Operation GET_ARTIFACT_STATS = listed(Operation.get(ARTIFACTS + "/stats"));
    public static final Operation FLUSH_ARTIFACTS = listed(Operation.post(ARTIFACTS + "/flush"));

    public static final Operation CLAIM_ARTIFACT = listed(Operation.post(ARTIFACT + "/claim"));
    public static final Operation UNCLAIM_ARTIFACT = listed(Operation.delete(ARTIFACT + "/claim").query("id"));
    /** Sends this host's copy to another worker. */
    public static final Operation GET_COPY =
            listed(Operation.get("/v1/copies/{namespace}/{key}").query("generation", "storeId").only(Role.OPERATOR, Role.PEER));

    /** Sends this host's copy of a tree to another worker. */
    public static final Operation GET_TREE_COPY =
            listed(Operation.get("/v1/copies/{namespace}/{key}/tree").query("generation", "storeId").only(Role.OPERATOR, Role.PEER));

    // Build tools use these operations, each in its own way. Turborepo sends a team with each request.
    public static final Operation GET_CACHED = listed(Operation.get(CACHED).query("teamId", "slug"));
    public static final Operation PUT_CACHED = listed(Operation.put(CACHED).query("teamId", "slug"));
    public static final Operation DELETE_CACHED = listed(Operation.delete(CACHED));
    public static final Operation POST_CACHED =
            listed(Operation.post(CACHED).query("teamId", "slug").only(Role.READER, Role.WRITER, Role.OPERATOR));
    public static final Operation CACHED_OPTIONS = listed(Operation.read("OPTIONS", CACHED).query("teamId", "slug").only());
    public static final Operation CACHE_OPTIONS = listed(Operation.read("OPTIONS", CACHE).only());

    // OpenAPI 3.1 cannot describe the methods of WebDAV.
    public static final Operation FIND_CACHED = Operation.read("PROPFIND", CACHED);
    public static final Operation FIND_CACHE = Operation.read("PROPFIND", CACHE);
    public static final Operation MAKE_COLLECTION = Operation.change("MKCOL", CACHED);
    public static final Operation MAKE_CACHE = Operation.change("MKCOL", CACHE);

    public static final Operation CREATE_PAGER = listed(Operation.post(PAGERS));
    public static final Operation LIST_PAGERS = listed(Operation.get(PAGERS).query("limit", "after"));
    public static final Operation GET_PAGER = listed(Operation.get(PAGER));
    public static final Operation CLOSE_PAGER = listed(Operation.delete(PAGER));
    public static final Operation GET_OCCUPIED_PAGES = listed(Operation.get(PAGER + "/occupied"));
    public static final Operation ALLOCATE_PAGES = listed(Operation.post(PAGER + "/allocate"));
    public static final Operation FREE_PAGES = listed(Operation.post(PAGER + "/free"));
    public static final Operation READ_PAGES = listed(Operation.get(PAGER + "/pages").query("pages"));
    public static final Operation WRITE_PAGES = listed(Operation.put(PAGER + "/pages").query("pages"));
    public static final Operation LIST_SEQUENCES = listed(Operation.get(SEQUENCES).query("limit", "after"));
    public static final Operation INSTALL_SEQUENCES = listed(Operation.put(SEQUENCES));
    public static final Operation REMOVE_SEQUENCE = listed(Operation.delete(SEQUENCE));
    public static final Operation FORK_SEQUENCE = listed(Operation.post(SEQUENCE + "/fork"));
    public static final Operation OWN_PAGE = listed(Operation.post(SEQUENCE + "/own"));
    public static final Operation READ_STATE = listed(Operation.get(SEQUENCE + "/states/{pool}"));
    public static final Operation WRITE_STATE = listed(Operation.put(SEQUENCE + "/states/{pool}"));
    public static final Operation QUIESCE_PAGER = listed(Operation.post(PAGER + "/quiesce"));
    public static final Operation RESUME_PAGER = listed(Operation.post(PAGER + "/resume"));
    public static final Operation DETACH_ENGINE = listed(Operation.post(PAGER + "/detach"));
    public static final Operation CAPTURE_PAGER = listed(Operation.post(PAGER + "/capture"));
    public static final Operation RESTORE_PAGER = listed(Operation.post(PAGER + "/restore"));
    public static final Operation VERIFY_SNAPSHOT = listed(Operation.post(VERIFICATION));
    public static final Operation GET_VERIFICATION = listed(Operation.get(VERIFICATION));

    public static final Operation LIST_HOLDS = listed(Operation.get("/v1/holds").query("limit", "after").ofAnyNamespace());
    public static final Operation EXTEND_HOLD = listed(Operation.put(HOLD).only(Role.READER, Role.WRITER, Role.OPERATOR).ofAnyNamespace());
    public static final Operation RELEASE_HOLD =
            listed(Operation.delete(HOLD).only(Role.READER, Role.WRITER, Role.OPERATOR).ofAnyNamespace());

    public static final Operation GET_STATUS = listed(Operation.get("/v1/status"));

    private WorkerApi() {}

    public static List<Operation> all() {
        return List.copyOf(ALL);
    }

    private static Operation listed(Operation operation) {
        ALL.add(operation);
        return operation;
    }
}
