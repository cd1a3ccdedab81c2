package dev.spillway.api;

/** Roles of tokens. {@link Operation#roles} names those that each operation is for. */
public enum Role {
    /** Reads. */
    READER,
    /** Reads, puts and deletes images. */
    WRITER,
    /** Does everything that people do: sets policies, prunes, drains, makes tokens. */
    OPERATOR,
    /** A worker that speaks for one host, its own. */
    HOST,
    /** A worker that takes copies from the others. All workers may share one such token: it lets none do what it may not do anyway. */
    PEER
}
