-- Activity is followed by its ids alone. The number of the writing transaction belongs to the PostgreSQL cluster: any open transaction of the cluster
-- held readers back, and a dump carried the numbers into a cluster that counts differently.
-- A writer takes a shared advisory lock on the id that was drawn last before it draws ids of its own, so a reader knows which ids may still be
-- committed. A coordinator of an earlier version takes no such lock: all of them stop before the first of this one starts.

-- Ids of events mean something else from here on, so nobody can resume behind an older one.
TRUNCATE activity;
ALTER TABLE activity DROP COLUMN xid, ADD PRIMARY KEY (id);
ALTER TABLE registry DROP COLUMN activity_trimmed_xid;
UPDATE registry SET activity_trimmed_id = (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM activity_id_seq);
