package dev.spillway.api;

/** What a token lets its holder do. {@link Operation#roles} says it of each operation. */
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
