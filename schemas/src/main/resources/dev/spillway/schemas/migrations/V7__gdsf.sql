-- Evictions by size and rebuild cost, as a namespace's choice.
ALTER TABLE namespaces ADD COLUMN eviction_policy text NOT NULL DEFAULT 'LRU' CHECK (eviction_policy IN ('LRU', 'GDSF'));

-- Costs of the samples, 64 bits each; null where all are 1.
ALTER TABLE curve_samples ADD COLUMN costs bytea;
