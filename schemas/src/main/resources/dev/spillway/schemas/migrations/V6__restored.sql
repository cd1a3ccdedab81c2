-- After the database was restored from an older state: which registry this is since then, and who has told what it holds.

ALTER TABLE registry
    -- When somebody said that the database was restored; the epoch is made from it.
    ADD COLUMN restored_at       timestamptz,
    -- What a refused host had seen beyond what this registry knows, and in which epoch: the database was restored, and nobody has said so yet.
    ADD COLUMN behind_generation bigint,
    ADD COLUMN behind_epoch      bigint,
    ADD CONSTRAINT registry_behind CHECK ((behind_generation IS NULL) = (behind_epoch IS NULL));

-- The epoch in which the host has told of everything that it holds.
ALTER TABLE hosts ADD COLUMN readopted_epoch bigint NOT NULL DEFAULT 1;

-- Decided since a restore: what a host that comes back later still holds of it, or of an older generation, is not taken back.
-- Not so what was lost: a host that was not heard may still have it.
ALTER TABLE evictions ADD COLUMN after_restore boolean NOT NULL DEFAULT false;
CREATE INDEX evictions_after_restore ON evictions (namespace, key, generation) WHERE after_restore;

-- Orders that wait until all hosts were heard since a restore.
CREATE INDEX open_orders_waiting ON open_orders (replica_id) WHERE next_attempt_at = '9999-12-31 00:00:00+00';

-- An image that goes on under a new id after a restore closes the row of its old one.
ALTER TABLE replica_history DROP CONSTRAINT replica_history_result_check;
ALTER TABLE replica_history ADD CONSTRAINT replica_history_result_check
    CHECK (result IN ('DELETED', 'ABSENT', 'LOST', 'BOUNDS', 'CANCELLED', 'ABANDONED', 'READOPTED')) NOT VALID;
