-- The registry. Text is compared byte by byte (COLLATE "C"), so that an order made here never depends on a locale.
-- Rows are locked in one order: idempotency_keys, hosts, replica_ids, namespaces, entries, replicas. The protocol's own locks stand for most
-- foreign keys: every writer of an entry holds its namespace, every writer of a replica was let in by its host's row.

-- One row: who this registry is. policy_version rises with every change of a namespace's policy.
CREATE TABLE registry (
    only_row             boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    id                   uuid    NOT NULL DEFAULT gen_random_uuid(),
    epoch                bigint  NOT NULL DEFAULT 1 CHECK (epoch >= 1),
    policy_version       bigint  NOT NULL DEFAULT 1 CHECK (policy_version >= 1),
    -- Activity up to here is no longer kept.
    activity_trimmed_xid xid8    NOT NULL DEFAULT '0',
    activity_trimmed_id  bigint  NOT NULL DEFAULT 0
);
INSERT INTO registry DEFAULT VALUES;

-- Drawn under the namespace's lock, so that generations of one key rise in commit order. CACHE stays 1 for that.
CREATE SEQUENCE generations AS bigint MINVALUE 1 CACHE 1;

-- Every put, read and eviction updates its namespace's row: room on the page keeps these updates off the index.
CREATE TABLE namespaces (
    name               text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    max_entries        bigint           CHECK (max_entries >= 1),
    max_bytes          bigint           CHECK (max_bytes >= 0),
    max_eviction_share double precision NOT NULL CHECK (max_eviction_share > 0 AND max_eviction_share <= 1),
    entries            bigint           NOT NULL CHECK (entries >= 0),
    bytes              bigint           NOT NULL CHECK (bytes >= 0),
    use_counter        bigint           NOT NULL CHECK (use_counter >= 0),
    hits               bigint           NOT NULL CHECK (hits >= 0),
    misses             bigint           NOT NULL CHECK (misses >= 0)
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
    external         boolean          NOT NULL,
    created_at       timestamptz      NOT NULL,
    last_accessed_at timestamptz      NOT NULL,
    PRIMARY KEY (namespace, key)
) WITH (fillfactor = 80);
-- The order of eviction, without ties.
CREATE UNIQUE INDEX entries_in_order_of_use ON entries (namespace, last_use);

-- Every replica id that was ever spoken of: none becomes a replica twice.
CREATE TABLE replica_ids (
    replica_id  uuid             PRIMARY KEY,
    host_id     text COLLATE "C" NOT NULL,
    incarnation bigint           NOT NULL CHECK (incarnation >= 1),
    recorded_at timestamptz      NOT NULL
);

CREATE TABLE hosts (
    host_id            text COLLATE "C" PRIMARY KEY CHECK (host_id ~ '^[a-z0-9][a-z0-9.-]{0,62}$'),
    store_id           uuid        NOT NULL,
    address            text        NOT NULL,
    state              text        NOT NULL CHECK (state IN ('ACTIVE', 'AWAY', 'RETIRED')),
    incarnation        bigint      NOT NULL CHECK (incarnation >= 1),
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
    attention          text
    -- No index on what a heartbeat changes: it must stay an update within its page, and hosts are few enough to be read through.
) WITH (fillfactor = 20);

-- One store belongs to one host: a copied one must not serve what its original is told to delete.
CREATE UNIQUE INDEX hosts_by_store ON hosts (store_id) WHERE state <> 'RETIRED';

-- Open replica rows. Without doom_cause a row is LIVE; with it it is DOOMED and is the open order to delete that replica.
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
                                               'ORPHAN')),
    eviction_id     uuid,
    doomed_at       timestamptz,
    attempts        integer CHECK (attempts >= 0),
    next_attempt_at timestamptz,
    last_error      text,
    deferred_until  timestamptz,
    CHECK (num_nonnulls(doom_cause, doomed_at, attempts, next_attempt_at) IN (0, 4)),
    CHECK (doom_cause IS NOT NULL OR num_nonnulls(eviction_id, last_error, deferred_until) = 0),
    CHECK ((doom_cause = 'ORPHAN') = (eviction_id IS NULL))
) WITH (fillfactor = 70);
-- A generation belongs to one entry, so it finds the holders of one.
CREATE INDEX replicas_of_generation ON replicas (generation, replica_id);
CREATE INDEX replicas_of_host ON replicas (host_id, replica_id);
-- Per host, so that what waits for a host that is away stands in nobody's way.
CREATE INDEX replicas_due ON replicas (host_id, next_attempt_at, replica_id) INCLUDE (doomed_at) WHERE doom_cause IS NOT NULL;
CREATE INDEX replicas_of_eviction ON replicas (eviction_id) WHERE eviction_id IS NOT NULL;

-- Closed replica rows. One id may close twice: ABANDONED with its host, and as an orphan when that host comes back with the image.
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
    result        text             NOT NULL CHECK (result IN ('DELETED', 'ABSENT', 'LOST', 'BOUNDS', 'CANCELLED', 'ABANDONED')),
    closed_at     timestamptz      NOT NULL
);
CREATE INDEX replica_history_of_eviction ON replica_history (eviction_id) WHERE eviction_id IS NOT NULL;
CREATE INDEX replica_history_by_time ON replica_history (closed_at);

-- Evictions and their facts. The number only tells earlier from later in lists.
CREATE TABLE evictions (
    eviction_id      uuid             PRIMARY KEY,
    number           bigint           NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
    namespace        text COLLATE "C" NOT NULL,
    key              text COLLATE "C" NOT NULL,
    snapshot_id      text COLLATE "C" NOT NULL,
    generation       bigint           NOT NULL CHECK (generation >= 1),
    size_bytes       bigint           NOT NULL CHECK (size_bytes >= 0),
    cause            text             NOT NULL,
    replicas         integer          NOT NULL CHECK (replicas >= 0),
    labels           jsonb            NOT NULL CHECK (jsonb_typeof(labels) = 'object'),
    evicted_at       timestamptz      NOT NULL,
    -- Holders are left LIVE for the sweep.
    unfinished       boolean          NOT NULL,
    published_at     timestamptz,
    publish_next_at  timestamptz      NOT NULL,
    publish_attempts integer          NOT NULL DEFAULT 0 CHECK (publish_attempts >= 0)
) WITH (fillfactor = 80);
CREATE INDEX evictions_due ON evictions (publish_next_at, number) WHERE published_at IS NULL;
CREATE INDEX evictions_unfinished ON evictions (number) WHERE unfinished;
CREATE INDEX evictions_of_namespace ON evictions (namespace, number);

CREATE TABLE sightings (
    host_id       text COLLATE "C" NOT NULL REFERENCES hosts,
    replica_id    uuid             NOT NULL,
    kind          text             NOT NULL CHECK (kind IN ('GHOST', 'ORPHAN')),
    first_seen_at timestamptz      NOT NULL,
    looks         integer          NOT NULL CHECK (looks >= 1),
    PRIMARY KEY (host_id, replica_id)
);

-- The answer is absent only inside the transaction that is working it out.
CREATE TABLE idempotency_keys (
    caller      text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    request     text             NOT NULL,
    answer      jsonb,
    recorded_at timestamptz      NOT NULL,
    PRIMARY KEY (caller, key)
) WITH (fillfactor = 70);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (recorded_at);

-- What happened, for those who watch. Ids are drawn before the commit, so readers go by the writing transaction first and stop before the
-- oldest one that may still be running: then nothing appears behind a cursor. (Transaction numbers do not survive a dump: empty this table
-- after restoring one.)
CREATE TABLE activity (
    xid  xid8        NOT NULL DEFAULT pg_current_xact_id(),
    id   bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    at   timestamptz NOT NULL,
    what jsonb       NOT NULL,
    PRIMARY KEY (xid, id)
);
