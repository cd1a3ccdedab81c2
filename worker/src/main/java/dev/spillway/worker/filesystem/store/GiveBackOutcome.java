package dev.spillway.worker.filesystem.store;

/** The outcome of giving back a tree that was offered by move. */
public enum GiveBackOutcome {
    /** It is back at its path, also after power loss, and the store has nothing of it. */
    GIVEN_BACK,
    /** The source never left its path; what the store has under the id, if anything, is a copy, to be deleted like any other. */
    SOURCE_UNTOUCHED,
    /** The tree was not offered by move, or is settled already. */
    NOTHING_OFFERED
}
