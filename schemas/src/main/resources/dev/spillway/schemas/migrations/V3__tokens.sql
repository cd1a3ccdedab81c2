-- Who may ask the services. The token itself is nowhere: it is found by its SHA-256.
CREATE TABLE tokens (
    name       text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    digest     text COLLATE "C" NOT NULL UNIQUE CHECK (digest ~ '^[0-9a-f]{64}$'),
    role       text             NOT NULL CHECK (role IN ('READER', 'WRITER', 'OPERATOR', 'HOST', 'PEER')),
    -- None for all.
    namespaces text[]           NOT NULL,
    host_id    text COLLATE "C",
    created_at timestamptz      NOT NULL DEFAULT now(),
    created_by text             NOT NULL,
    expires_at timestamptz,
    CHECK ((role = 'HOST') = (host_id IS NOT NULL))
);
