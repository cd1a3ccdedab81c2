-- The replicas in use on each host, as its heartbeat told them last. Each heartbeat that tells them replaces them.
CREATE TABLE held_replicas (
    host_id    text COLLATE "C" NOT NULL REFERENCES hosts,
    replica_id uuid             NOT NULL,
    held_until timestamptz      NOT NULL,
    holds      bigint           NOT NULL CHECK (holds >= 1),
    PRIMARY KEY (host_id, replica_id)
);
