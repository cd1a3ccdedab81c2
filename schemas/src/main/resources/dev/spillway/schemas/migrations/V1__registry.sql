-- The registry. Text is compared byte by byte (COLLATE "C"), so that an order made here never depends on a locale.
-- Rows are locked in one order: idempotency_keys, hosts, replica_ids, namespaces, entries, replicas. These locks replace most foreign keys:
-- every writer of an entry locks its namespace, and every writer of a replica locks its host's row first.

-- One row: the identity and state of this registry.
CREATE TABLE registry (
    only_row            boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id                  uuid    NOT NULL DEFAULT gen_random_uuid(),
    epoch               bigint  NOT NULL DEFAULT 1 CHECK (epoch >= 1),
    -- When an operator said that the database was restored. The epoch is derived from it.
    restored_at         timestamptz,
    -- The highest generation, and its epoch, that a refused host has seen beyond this registry: the database was restored, and nobody has said so.
    behind_generation   bigint,
    behind_epoch        bigint,
    -- Increases with every change of a namespace's policy.
    policy_version      bigint  NOT NULL DEFAULT 1 CHECK (policy_version >= 1),
    -- Activity up to this id is no longer kept.
    activity_trimmed_id bigint  NOT NULL DEFAULT 0,
    CONSTRAINT registry_behind CHECK ((behind_generation IS NULL) = (behind_epoch IS NULL))
);
INSERT INTO registry DEFAULT VALUES;

-- Drawn under the namespace's lock, so that generations of one key increase in commit order. This needs CACHE 1.
CREATE SEQUENCE generations AS bigint MINVALUE 1 CACHE 1;

-- Every put, read and eviction updates its namespace's row. Free space on the page keeps these updates off the index.
-- Durations are in milliseconds: PostgreSQL's intervals have days and months of no fixed length.
CREATE TABLE namespaces (
    name               text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    max_entries        bigint           CHECK (max_entries >= 1),
    max_bytes          bigint           CHECK (max_bytes >= 0),
    ttl_millis         bigint           CHECK (ttl_millis >= 1000),
    max_idle_millis    bigint           CHECK (max_idle_millis >= 1000),
    low_watermark      double precision NOT NULL DEFAULT 1 CHECK (low_watermark > 0 AND low_watermark <= 1),
    max_eviction_share double precision NOT NULL CHECK (max_eviction_share > 0 AND max_eviction_share <= 1),
    -- Of the images on hosts. The other two are for artifacts alone.
    backend            text             NOT NULL DEFAULT 'DIRECTORY' CHECK (backend IN ('DIRECTORY', 'ARTIFACT')),
    min_residency_millis bigint         CHECK (min_residency_millis >= 1000),
    write_once         boolean          NOT NULL DEFAULT false,
    entries            bigint           NOT NULL CHECK (entries >= 0),
    bytes              bigint           NOT NULL CHECK (bytes >= 0),
    pinned_entries     bigint           NOT NULL DEFAULT 0 CHECK (pinned_entries >= 0),
    pinned_bytes       bigint           NOT NULL DEFAULT 0 CHECK (pinned_bytes >= 0),
    use_counter        bigint           NOT NULL CHECK (use_counter >= 0),
    hits               bigint           NOT NULL CHECK (hits >= 0),
    misses             bigint           NOT NULL CHECK (misses >= 0),
    -- Increases when a pin ends: its entry returns among the possible victims at its old place in the order of use.
    pins_lifted        bigint           NOT NULL DEFAULT 0 CHECK (pins_lifted >= 0),
    -- Within its limits, but left above its low watermark by a put that had evicted enough.
    draining           boolean          NOT NULL DEFAULT false,
    CONSTRAINT namespaces_artifacts CHECK (backend = 'ARTIFACT' OR (min_residency_millis IS NULL AND NOT write_once))
) WITH (fillfactor = 20);

CREATE TABLE eviction_counts (
    namespace text COLLATE "C" NOT NULL REFERENCES namespaces,
    cause     text             NOT NULL,
    count     bigint           NOT NULL CHECK (count >= 0),
    PRIMARY KEY (namespace, cause)
) WITH (fillfactor = 50);

CREATE TABLE entries (
    namespace        text COLLATE "C" NOT NULL,
    key              text COLLATE "C" NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 1024),
    snapshot_id      text COLLATE "C" NOT NULL CHECK (octet_length(snapshot_id) BETWEEN 1 AND 512),
    generation       bigint           NOT NULL CHECK (generation >= 1),
    size_bytes       bigint           NOT NULL CHECK (size_bytes >= 0),
    description      text             NOT NULL,
    labels           jsonb            NOT NULL CHECK (jsonb_typeof(labels) = 'object'),
    last_use         bigint           NOT NULL CHECK (last_use >= 1),
    -- Put at the coordinator: it belongs to no host.
    external         boolean          NOT NULL,
    created_at       timestamptz      NOT NULL,
    last_accessed_at timestamptz      NOT NULL,
    pin_reason       text,
    pin_until        timestamptz,
    pinned_at        timestamptz,
    -- What an artifact contains, in SHA-256; the host of its generation's first registration; the group that it was put with.
    content          text COLLATE "C" CHECK (content ~ '^[0-9a-f]{64}$'),
    written_by       text COLLATE "C",
    group_name       text COLLATE "C" CHECK (octet_length(group_name) BETWEEN 1 AND 1024),
    PRIMARY KEY (namespace, key),
    CONSTRAINT entries_pin CHECK ((pin_reason IS NULL) = (pinned_at IS NULL) AND (pin_reason IS NOT NULL OR pin_until IS NULL))
) WITH (fillfactor = 80);
-- The order of eviction, without ties. Pinned entries have an index of their own: they would gather at the low end, and every search for a victim
-- would step over them.
CREATE UNIQUE INDEX entries_in_order_of_use ON entries (namespace, last_use) WHERE pin_reason IS NULL;
CREATE UNIQUE INDEX entries_pinned ON entries (namespace, last_use) WHERE pin_reason IS NOT NULL;
CREATE INDEX entries_by_end_of_pin ON entries (namespace, pin_until, key) WHERE pin_until IS NOT NULL;
CREATE INDEX entries_by_age ON entries (namespace, created_at, generation) WHERE pin_reason IS NULL;

-- Every replica id that was ever recorded: none becomes a replica twice.
CREATE TABLE replica_ids (
    replica_id  uuid             PRIMARY KEY,
    host_id     text COLLATE "C" NOT NULL,
    incarnation bigint           NOT NULL CHECK (incarnation >= 1),
    recorded_at timestamptz      NOT NULL
);

-- No index on what a heartbeat changes: it must stay an update within its page, and hosts are few enough to be scanned.
CREATE TABLE hosts (
    host_id            text COLLATE "C" PRIMARY KEY CHECK (host_id ~ '^[a-z0-9][a-z0-9.-]{0,62}$'),
    store_id           uuid        NOT NULL,
    address            text        NOT NULL,
    state              text        NOT NULL CHECK (state IN ('ACTIVE', 'AWAY', 'RETIRED')),
    incarnation        bigint      NOT NULL CHECK (incarnation >= 1),
    -- The worker process that joined last. Two processes that run with one store, one of them a copy, would fence each other for ever.
    process_id         uuid        NOT NULL,
    -- Of the topic spillway.orders.
    partition          integer     NOT NULL CHECK (partition >= 0),
    last_heard_at      timestamptz NOT NULL,
    replicas           bigint      NOT NULL,
    bytes              bigint      NOT NULL,
    held               bigint      NOT NULL,
    trash              bigint      NOT NULL,
    free_bytes         bigint      NOT NULL,
    readmitted         boolean     NOT NULL,
    reconcile_first    boolean     NOT NULL,
    last_reconciled_at timestamptz,
    -- The epoch in which the host has told of everything that it holds.
    readopted_epoch    bigint      NOT NULL DEFAULT 1,
    attention          text,
    -- Beside the state, because a host drains whether it is heard or not.
    draining_since     timestamptz,
    -- The last copy that this pass of the drain has looked at, and when it looks at the next ones.
    drain_looked_to    uuid,
    drain_look_at      timestamptz,
    CONSTRAINT hosts_drain CHECK ((draining_since IS NULL) = (drain_look_at IS NULL) AND (draining_since IS NOT NULL OR drain_looked_to IS NULL))
) WITH (fillfactor = 20);
-- One store belongs to one host: a copied one must not serve what its original is told to delete.
CREATE UNIQUE INDEX hosts_by_store ON hosts (store_id) WHERE state <> 'RETIRED';
CREATE INDEX hosts_draining ON hosts (host_id) WHERE draining_since IS NOT NULL;

-- Workers that asked to join and were refused, so that the list of hosts shows why one is missing. One row for each host id and store. It is
-- deleted when they are accepted, and when they have not asked for long.
CREATE TABLE join_refusals (
    host_id    text COLLATE "C" NOT NULL,
    store_id   uuid             NOT NULL,
    address    text             NOT NULL,
    reason     text             NOT NULL,
    detail     text             NOT NULL,
    refused_at timestamptz      NOT NULL,
    PRIMARY KEY (host_id, store_id)
) WITH (fillfactor = 50);
CREATE INDEX join_refusals_by_time ON join_refusals (refused_at);

-- Open replica rows. Without doom_cause a row is LIVE. With it the row is DOOMED, and is the open order to delete that replica.
-- Free space on the page is for the second version that each row gets when it is doomed.
CREATE TABLE replicas (
    replica_id      uuid             PRIMARY KEY,
    host_id         text COLLATE "C" NOT NULL,
    namespace       text COLLATE "C" NOT NULL,
    key             text COLLATE "C" NOT NULL,
    snapshot_id     text COLLATE "C" NOT NULL,
    generation      bigint           NOT NULL,
    size_bytes      bigint           NOT NULL CHECK (size_bytes >= 0),
    registered_at   timestamptz      NOT NULL,
    doom_cause      text CHECK (doom_cause IN ('CAPACITY', 'EXPIRED', 'IDLE', 'REPLACED', 'INVALIDATED', 'PRUNED', 'CLEANED', 'PRESSURE', 'LOST',
                                               'ORPHAN', 'RELIEF')),
    eviction_id     uuid,
    doomed_at       timestamptz,
    attempts        integer CHECK (attempts >= 0),
    next_attempt_at timestamptz,
    last_error      text,
    deferred_until  timestamptz,
    CONSTRAINT replicas_order CHECK (num_nonnulls(doom_cause, doomed_at, attempts, next_attempt_at) IN (0, 4)),
    CONSTRAINT replicas_live CHECK (doom_cause IS NOT NULL OR num_nonnulls(eviction_id, last_error, deferred_until) = 0),
    -- An order without an eviction is for an orphan, or relieves a host of a copy that others have.
    CONSTRAINT replicas_eviction CHECK (doom_cause IS NULL OR (doom_cause IN ('ORPHAN', 'RELIEF')) = (eviction_id IS NULL))
) WITH (fillfactor = 50);
-- A generation belongs to one entry, so this index finds the holders of an entry, and the replicas of an eviction.
CREATE INDEX replicas_of_generation ON replicas (generation, replica_id);
CREATE INDEX replicas_of_host ON replicas (host_id, replica_id);

-- When each open order is next due. The order itself is the doomed row of its replica. An index on that row would be written anew each time the
-- row is doomed or its order is tried, and so would all its other indexes. Whoever writes a replica's row holds its lock, and writes this row with it.
CREATE TABLE open_orders (
    host_id         text COLLATE "C" NOT NULL,
    next_attempt_at timestamptz      NOT NULL,
    replica_id      uuid             NOT NULL,
    doomed_at       timestamptz      NOT NULL,
    -- Per host, so that the orders of an absent host delay no other's.
    PRIMARY KEY (host_id, next_attempt_at, replica_id) INCLUDE (doomed_at)
);
-- Orders that wait until all hosts were heard since a restore.
CREATE INDEX open_orders_waiting ON open_orders (replica_id) WHERE next_attempt_at = '9999-12-31 00:00:00+00';

-- Closed replica rows. One id may close twice: ABANDONED with its host, and as an orphan when that host comes back with the image. READOPTED
-- closes the row of an image that continues under a new id after a restore.
CREATE TABLE replica_history (
    number        bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    replica_id    uuid             NOT NULL,
    host_id       text COLLATE "C" NOT NULL,
    namespace     text COLLATE "C" NOT NULL,
    key           text COLLATE "C" NOT NULL,
    snapshot_id   text COLLATE "C" NOT NULL,
    generation    bigint           NOT NULL,
    size_bytes    bigint           NOT NULL,
    registered_at timestamptz      NOT NULL,
    doom_cause    text,
    eviction_id   uuid,
    doomed_at     timestamptz,
    attempts      integer,
    last_error    text,
    result        text             NOT NULL CHECK (result IN ('DELETED', 'ABSENT', 'LOST', 'BOUNDS', 'CANCELLED', 'ABANDONED', 'READOPTED')),
    closed_at     timestamptz      NOT NULL
);
CREATE INDEX replica_history_of_eviction ON replica_history (eviction_id) WHERE eviction_id IS NOT NULL;
CREATE INDEX replica_history_by_time ON replica_history (closed_at);

-- Evictions and the publication of their facts. The number only tells earlier from later in lists.
CREATE TABLE evictions (
    eviction_id      uuid             PRIMARY KEY,
    number           bigint           NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
    namespace        text COLLATE "C" NOT NULL,
    key              text COLLATE "C" NOT NULL,
    snapshot_id      text COLLATE "C" NOT NULL,
    generation       bigint           NOT NULL CHECK (generation >= 1),
    size_bytes       bigint           NOT NULL CHECK (size_bytes >= 0),
    cause            text             NOT NULL,
    actor            text             NOT NULL,
    plan_id          uuid,
    replicas         integer          NOT NULL CHECK (replicas >= 0),
    labels           jsonb            NOT NULL CHECK (jsonb_typeof(labels) = 'object'),
    evicted_at       timestamptz      NOT NULL,
    -- Some holders are still LIVE; the sweep dooms them.
    unfinished       boolean          NOT NULL,
    -- Decided since a restore: a copy of this or an older generation on a host that comes back later is not readopted. False for LOST: a host that
    -- was not heard may still have a copy.
    after_restore    boolean          NOT NULL DEFAULT false,
    published_at     timestamptz,
    publish_next_at  timestamptz      NOT NULL,
    publish_attempts integer          NOT NULL DEFAULT 0 CHECK (publish_attempts >= 0)
) WITH (fillfactor = 80);
CREATE INDEX evictions_due ON evictions (publish_next_at, number) WHERE published_at IS NULL;
CREATE INDEX evictions_unfinished ON evictions (number) WHERE unfinished;
CREATE INDEX evictions_of_namespace ON evictions (namespace, number);
CREATE INDEX evictions_of_plan ON evictions (plan_id, number) WHERE plan_id IS NOT NULL;
-- A list of the most frequent cause soon finds enough of them from the newest on. A list of any other cause would read past them.
CREATE INDEX evictions_of_rarer_cause ON evictions (cause, number) WHERE cause <> 'CAPACITY';
CREATE INDEX evictions_after_restore ON evictions (namespace, key, generation) WHERE after_restore;

-- Orphans and ghosts that a reconciliation has seen. A second look decides.
CREATE TABLE sightings (
    host_id       text COLLATE "C" NOT NULL REFERENCES hosts,
    replica_id    uuid             NOT NULL,
    kind          text             NOT NULL CHECK (kind IN ('GHOST', 'ORPHAN')),
    first_seen_at timestamptz      NOT NULL,
    looks         integer          NOT NULL CHECK (looks >= 1),
    PRIMARY KEY (host_id, replica_id)
);

-- Plans of prunes and of changed policies. Every writer of a plan locks its namespace.
CREATE TABLE plans (
    plan_id           uuid             PRIMARY KEY,
    namespace         text COLLATE "C" NOT NULL,
    purpose           jsonb            NOT NULL,
    actor             text             NOT NULL,
    state             text             NOT NULL CHECK (state IN ('MAKING', 'OPEN', 'APPLYING', 'APPLIED')),
    -- When the plan was begun: entries of the whole namespace, how many of them may go without a question, and the entries that the plan selects.
    namespace_entries bigint           NOT NULL CHECK (namespace_entries >= 0),
    allowed           bigint           NOT NULL CHECK (allowed >= 0),
    selected_entries  bigint           NOT NULL CHECK (selected_entries >= 0),
    selected_bytes    bigint           NOT NULL CHECK (selected_bytes >= 0),
    -- The last use up to which entries were looked at.
    looked_to         bigint           NOT NULL CHECK (looked_to >= 0),
    victims           bigint           NOT NULL CHECK (victims >= 0),
    victim_bytes      bigint           NOT NULL CHECK (victim_bytes >= 0),
    -- The number of the last victim that was handled, and the outcomes of those up to it.
    done              bigint           NOT NULL CHECK (done BETWEEN 0 AND victims),
    evicted           bigint           NOT NULL,
    evicted_bytes     bigint           NOT NULL,
    gone              bigint           NOT NULL,
    replaced          bigint           NOT NULL,
    pinned            bigint           NOT NULL,
    used              bigint           NOT NULL,
    -- Entries that a changed policy evicted beyond the victims, because they were put after the plan was made. Absent where no policy was set.
    beyond            bigint,
    created_at        timestamptz      NOT NULL,
    expires_at        timestamptz      NOT NULL,
    applied_at        timestamptz
) WITH (fillfactor = 50);
CREATE INDEX plans_by_end ON plans (expires_at);
CREATE INDEX plans_of_namespace ON plans (namespace, plan_id);

CREATE TABLE plan_victims (
    plan_id     uuid             NOT NULL,
    -- From 1, in the order of eviction.
    number      bigint           NOT NULL CHECK (number >= 1),
    key         text COLLATE "C" NOT NULL,
    snapshot_id text COLLATE "C" NOT NULL,
    generation  bigint           NOT NULL,
    size_bytes  bigint           NOT NULL,
    last_use    bigint           NOT NULL,
    reason      text             NOT NULL CHECK (reason IN ('EXPIRED', 'IDLE', 'OVER_MAX_ENTRIES', 'OVER_MAX_BYTES')),
    outcome     text CHECK (outcome IN ('EVICTED', 'GONE', 'REPLACED', 'PINNED', 'USED')),
    PRIMARY KEY (plan_id, number)
) WITH (fillfactor = 50);
CREATE INDEX plan_victims_kept ON plan_victims (plan_id, number) WHERE outcome <> 'EVICTED';

-- Requests that carried an Idempotency-Key, with their answers. The answer is absent only inside the transaction that computes it.
CREATE TABLE idempotency_keys (
    caller      text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    request     text             NOT NULL,
    answer      jsonb,
    recorded_at timestamptz      NOT NULL,
    PRIMARY KEY (caller, key)
) WITH (fillfactor = 70);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (recorded_at);

-- Activity for the event stream, followed by its ids. Ids are drawn before the commit, so a reader must know which of them may still be committed:
-- a writer takes a shared advisory lock on the id that was drawn last, before it draws ids of its own.
CREATE TABLE activity (
    id   bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at   timestamptz NOT NULL,
    -- JSON that is written once and read whole: as jsonb it would be parsed at each put for nobody.
    what text        NOT NULL
);
