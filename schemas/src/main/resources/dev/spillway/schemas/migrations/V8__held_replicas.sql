-- The replicas in use on each host, as it told them last. Each heartbeat that tells them replaces them.
CREATE TABLE held_replicas (
    host_id    text COLLATE "C" NOT NULL,
    replica_id uuid             NOT NULL,
    held_until timestamptz      NOT NULL,
    holds      bigint           NOT NULL CHECK (holds >= 1),
    PRIMARY KEY (host_id, replica_id)
);
