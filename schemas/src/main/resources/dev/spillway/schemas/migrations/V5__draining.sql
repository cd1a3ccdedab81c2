-- Hosts that are relieved of their duty.

-- Beside the state, because a host drains whether it is heard or not, and a coordinator that knows nothing of it leaves these columns as they are.
ALTER TABLE hosts
    ADD COLUMN draining_since  timestamptz,
    -- How far its copies were looked at in this pass, and when the next of them are.
    ADD COLUMN drain_looked_to uuid,
    ADD COLUMN drain_look_at   timestamptz,
    ADD CONSTRAINT hosts_drain CHECK ((draining_since IS NULL) = (drain_look_at IS NULL)
                                      AND (draining_since IS NOT NULL OR drain_looked_to IS NULL));
-- What a heartbeat changes is not in it, so it costs a heartbeat nothing.
CREATE INDEX hosts_draining ON hosts (host_id) WHERE draining_since IS NOT NULL;

-- An order without an eviction is that of an orphan, or relieves a host of a copy that others have. What is stored satisfied stricter
-- constraints, so it need not be read again.
ALTER TABLE replicas
    DROP CONSTRAINT replicas_doom_cause_check,
    DROP CONSTRAINT replicas_check2,
    ADD CONSTRAINT replicas_doom_cause_check CHECK (doom_cause IN ('CAPACITY', 'EXPIRED', 'IDLE', 'REPLACED', 'INVALIDATED', 'PRUNED', 'CLEANED',
                                                                   'PRESSURE', 'LOST', 'ORPHAN', 'RELIEF')) NOT VALID,
    ADD CONSTRAINT replicas_eviction CHECK (doom_cause IS NULL OR (doom_cause IN ('ORPHAN', 'RELIEF')) = (eviction_id IS NULL)) NOT VALID;
