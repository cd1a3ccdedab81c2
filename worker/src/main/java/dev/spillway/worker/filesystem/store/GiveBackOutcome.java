package dev.spillway.worker.filesystem.store;

/** The outcome of giving back a tree that was offered by move. */
public enum GiveBackOutcome {
    /** The tree is back at its path, durably, and the store has nothing of it. */
    GIVEN_BACK,
    /** The source never left its path. A tree in the store under that id is a copy, to be deleted like any other. */
    SOURCE_UNTOUCHED,
    /** The tree was not offered by move, or is settled already. */
    NOTHING_OFFERED
}
