-- How namespaces are used: their hit-rate curves, and their hit rates over time. Coordinators gather it for a few seconds before they write it, and
-- nothing else depends on it.

-- What is remembered of a namespace's accesses. A coordinator takes samples of keys whose hash is below the threshold.
CREATE TABLE curves (
    namespace text COLLATE "C" PRIMARY KEY,
    threshold bigint           NOT NULL CHECK (threshold >= 0),
    model     bytea            NOT NULL,
    folded_at timestamptz      NOT NULL DEFAULT now()
);

-- Accesses that no model has taken yet.
CREATE TABLE curve_samples (
    number    bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    threshold bigint           NOT NULL CHECK (threshold >= 0),
    hits      bigint           NOT NULL CHECK (hits >= 0),
    fills     bigint           NOT NULL CHECK (fills >= 0),
    misses    bigint           NOT NULL CHECK (misses >= 0),
    samples   bytea            NOT NULL
);
CREATE INDEX curve_samples_of_namespace ON curve_samples (namespace, number);

-- Entries and bytes are those at the last write of an interval.
CREATE TABLE namespace_usage (
    namespace text COLLATE "C" NOT NULL,
    began_at  timestamptz      NOT NULL,
    hits      bigint           NOT NULL CHECK (hits >= 0),
    misses    bigint           NOT NULL CHECK (misses >= 0),
    entries   bigint           NOT NULL CHECK (entries >= 0),
    bytes     bigint           NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (namespace, began_at)
) WITH (fillfactor = 50);
CREATE INDEX namespace_usage_by_time ON namespace_usage (began_at);
