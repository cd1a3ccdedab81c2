-- Workers that asked to join and were refused, so that whoever looks at the hosts sees why one is missing. One row for each host id and store that
-- asks; it goes when they are taken, and when they have not asked for long.
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
