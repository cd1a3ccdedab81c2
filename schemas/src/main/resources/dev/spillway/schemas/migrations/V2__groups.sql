-- Increases when an entry returns among the possible victims at an old place in the order of use: a pin ended, or it leads its group again.
ALTER TABLE namespaces RENAME COLUMN pins_lifted TO returned;

-- Another entry of its group was used later. That one has a place in the order of eviction, and takes all others with it.
ALTER TABLE entries ADD COLUMN follows boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT entries_group CHECK (group_name IS NOT NULL OR NOT follows);
CREATE INDEX entries_of_group ON entries (namespace, group_name) WHERE group_name IS NOT NULL;
UPDATE entries e SET follows = true WHERE e.group_name IS NOT NULL AND EXISTS (
    SELECT FROM entries later WHERE later.namespace = e.namespace AND later.group_name = e.group_name AND later.last_use > e.last_use);

-- The order of eviction, without ties. Pinned entries and those that follow another have indexes of their own: they would gather at the low end, and
-- every search for a victim would step over them.
DROP INDEX entries_in_order_of_use;
CREATE UNIQUE INDEX entries_in_order_of_use ON entries (namespace, last_use) WHERE pin_reason IS NULL AND NOT follows;
CREATE UNIQUE INDEX entries_following ON entries (namespace, last_use) WHERE pin_reason IS NULL AND follows;

-- Goes together with the victim before it, whose group it is in.
ALTER TABLE plan_victims ADD COLUMN follows boolean NOT NULL DEFAULT false;
