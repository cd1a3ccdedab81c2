-- What somebody asked for besides puts, reads and evictions: policies, pins, plans, hosts, tokens. Written together with the change.
CREATE TABLE audit (
    number      bigint           GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz      NOT NULL,
    actor       text             NOT NULL,
    action      text             NOT NULL,
    namespace   text COLLATE "C",
    key         text COLLATE "C",
    host_id     text COLLATE "C",
    plan_id     uuid,
    detail      text             NOT NULL
);
CREATE INDEX audit_by_time ON audit (recorded_at);

-- Files that a host may still make; null where their number is not fixed or not told.
ALTER TABLE hosts ADD COLUMN free_inodes bigint;
