-- Which orders are open, and when each is next due. The order itself is the doomed row of its replica; this is where those who look for orders find it,
-- in a narrow row of its own: an index on a replica's row that dooming or trying changes would have each of them write all of that row's indexes anew.
-- Whoever writes a replica's row holds its lock, and writes this with it. A coordinator of an earlier version would not: all of them stop before
-- the first of this one starts.
CREATE TABLE open_orders (
    host_id         text COLLATE "C" NOT NULL,
    next_attempt_at timestamptz      NOT NULL,
    replica_id      uuid             NOT NULL,
    doomed_at       timestamptz      NOT NULL,
    -- Per host, so that what waits for a host that is away stands in nobody's way.
    PRIMARY KEY (host_id, next_attempt_at, replica_id) INCLUDE (doomed_at)
);
INSERT INTO open_orders SELECT host_id, next_attempt_at, replica_id, doomed_at FROM replicas WHERE doom_cause IS NOT NULL;
DROP INDEX replicas_due;
-- Room for the second version that each row gets when it is doomed, on the same page.
ALTER TABLE replicas SET (fillfactor = 50);
