-- Orders of eviction other than that of use. A namespace under LRU gives every use the same priority, its age.
ALTER TABLE namespaces
    ADD COLUMN eviction_policy text             NOT NULL DEFAULT 'LRU' CHECK (eviction_policy IN ('LRU', 'GDSF')),
    ADD COLUMN age             double precision NOT NULL DEFAULT 0 CHECK (age >= 0 AND age < 'Infinity'),
    ADD CONSTRAINT namespaces_times_of_use CHECK (eviction_policy = 'LRU' OR (max_idle_millis IS NULL AND min_residency_millis IS NULL));
ALTER TABLE entries
    ADD COLUMN uses     bigint           NOT NULL DEFAULT 1 CHECK (uses >= 1),
    ADD COLUMN priority double precision NOT NULL DEFAULT 0 CHECK (priority >= 0 AND priority < 'Infinity');

DROP INDEX entries_in_order_of_use;
DROP INDEX entries_following;
DROP INDEX entries_pinned;
CREATE UNIQUE INDEX entries_in_order ON entries (namespace, priority, last_use) WHERE pin_reason IS NULL AND NOT follows;
CREATE UNIQUE INDEX entries_following ON entries (namespace, priority, last_use) WHERE pin_reason IS NULL AND follows;
CREATE UNIQUE INDEX entries_pinned ON entries (namespace, priority, last_use) WHERE pin_reason IS NOT NULL;

ALTER TABLE plans ADD COLUMN looked_to_priority double precision NOT NULL DEFAULT 0;

-- What sampled entries cost to make again, 64 bits each; null where that is 1 for all.
ALTER TABLE curve_samples ADD COLUMN costs bytea;
