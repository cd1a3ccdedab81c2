package dev.spillway.api;

/** Roles of tokens. {@link Operation#roles} lists the roles that may call an operation. */
public enum Role {
    /** Reads. */
    READER,
    /** Reads, puts and deletes images. */
    WRITER,
    /** Does everything that people do: sets policies, prunes, drains and creates tokens. */
    OPERATOR,
    /** A worker, for its own host only. */
    HOST,
    /**
     * A worker that copies images from other workers. All workers may share one such token, because it permits nothing that a worker may not do
     * anyway.
     */
    PEER
}
