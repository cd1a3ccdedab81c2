-- Policies beyond plain limits, pins, plans, who asked for an eviction, and which process a host is.

-- Times to live and idle limits are kept in milliseconds: PostgreSQL's intervals have days and months of no fixed length.
ALTER TABLE namespaces
    ADD COLUMN ttl_millis      bigint           CHECK (ttl_millis >= 1000),
    ADD COLUMN max_idle_millis bigint           CHECK (max_idle_millis >= 1000),
    ADD COLUMN low_watermark   double precision NOT NULL DEFAULT 1 CHECK (low_watermark > 0 AND low_watermark <= 1),
    ADD COLUMN pinned_entries  bigint           NOT NULL DEFAULT 0 CHECK (pinned_entries >= 0),
    ADD COLUMN pinned_bytes    bigint           NOT NULL DEFAULT 0 CHECK (pinned_bytes >= 0),
    -- Rises when an entry comes back among those that may go: it does so at its old place in the order of use.
    ADD COLUMN pins_lifted     bigint           NOT NULL DEFAULT 0 CHECK (pins_lifted >= 0),
    -- Within its limits, but left above its low watermark by a put that had evicted enough.
    ADD COLUMN draining        boolean          NOT NULL DEFAULT false;

ALTER TABLE entries
    ADD COLUMN pin_reason text,
    ADD COLUMN pin_until  timestamptz,
    ADD COLUMN pinned_at  timestamptz,
    ADD CONSTRAINT entries_pin CHECK ((pin_reason IS NULL) = (pinned_at IS NULL) AND (pin_reason IS NOT NULL OR pin_until IS NULL));

-- Pinned entries would gather at the low end and be stepped over by every search for a victim, so they have an order of their own.
DROP INDEX entries_in_order_of_use;
CREATE UNIQUE INDEX entries_in_order_of_use ON entries (namespace, last_use) WHERE pin_reason IS NULL;
CREATE UNIQUE INDEX entries_pinned ON entries (namespace, last_use) WHERE pin_reason IS NOT NULL;
CREATE INDEX entries_by_end_of_pin ON entries (namespace, pin_until, key) WHERE pin_until IS NOT NULL;
CREATE INDEX entries_by_age ON entries (namespace, created_at, generation) WHERE pin_reason IS NULL;

ALTER TABLE evictions
    -- Nobody wrote it down before this version.
    ADD COLUMN actor   text NOT NULL DEFAULT 'unknown',
    ADD COLUMN plan_id uuid;
CREATE INDEX evictions_of_plan ON evictions (plan_id, number) WHERE plan_id IS NOT NULL;
-- A list of the most frequent cause finds enough of them from the newest on; a list of any other would read past them.
CREATE INDEX evictions_of_rarer_cause ON evictions (cause, number) WHERE cause <> 'CAPACITY';

-- An eviction ends one generation, and replicas_of_generation finds its replicas: one index less to write for each that is doomed.
DROP INDEX replicas_of_eviction;

-- Which process of the host's worker joined last: two that run with one store, one of them a copy, would fence each other for ever.
ALTER TABLE hosts ADD COLUMN process_id uuid;

-- Every writer of a plan holds its namespace.
CREATE TABLE plans (
    plan_id           uuid             PRIMARY KEY,
    namespace         text COLLATE "C" NOT NULL,
    purpose           jsonb            NOT NULL,
    actor             text             NOT NULL,
    state             text             NOT NULL CHECK (state IN ('MAKING', 'OPEN', 'APPLYING', 'APPLIED')),
    -- When the plan was begun: of the whole namespace, what the share allows to go at once, and what the bounds are judged by.
    namespace_entries bigint           NOT NULL CHECK (namespace_entries >= 0),
    allowed           bigint           NOT NULL CHECK (allowed >= 0),
    selected_entries  bigint           NOT NULL CHECK (selected_entries >= 0),
    selected_bytes    bigint           NOT NULL CHECK (selected_bytes >= 0),
    -- Up to which use the entries were looked at.
    looked_to         bigint           NOT NULL CHECK (looked_to >= 0),
    victims           bigint           NOT NULL CHECK (victims >= 0),
    victim_bytes      bigint           NOT NULL CHECK (victim_bytes >= 0),
    -- Up to which number the victims were dealt with, and what became of them.
    done              bigint           NOT NULL CHECK (done BETWEEN 0 AND victims),
    evicted           bigint           NOT NULL,
    evicted_bytes     bigint           NOT NULL,
    gone              bigint           NOT NULL,
    replaced          bigint           NOT NULL,
    pinned            bigint           NOT NULL,
    used              bigint           NOT NULL,
    -- Entries that a changed policy took beyond the victims, because they came meanwhile; absent where no policy was set.
    beyond            bigint,
    created_at        timestamptz      NOT NULL,
    expires_at        timestamptz      NOT NULL,
    applied_at        timestamptz
) WITH (fillfactor = 50);
CREATE INDEX plans_by_end ON plans (expires_at);

CREATE TABLE plan_victims (
    plan_id     uuid             NOT NULL,
    -- From 1, in the order in which they are to go.
    number      bigint           NOT NULL CHECK (number >= 1),
    key         text COLLATE "C" NOT NULL,
    snapshot_id text COLLATE "C" NOT NULL,
    generation  bigint           NOT NULL,
    size_bytes  bigint           NOT NULL,
    last_use    bigint           NOT NULL,
    reason      text             NOT NULL CHECK (reason IN ('IDLE', 'OVER_MAX_ENTRIES', 'OVER_MAX_BYTES')),
    outcome     text CHECK (outcome IN ('EVICTED', 'GONE', 'REPLACED', 'PINNED', 'USED')),
    PRIMARY KEY (plan_id, number)
) WITH (fillfactor = 50);
CREATE INDEX plan_victims_kept ON plan_victims (plan_id, number) WHERE outcome <> 'EVICTED';
