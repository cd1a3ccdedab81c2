package dev.spillway.pager;

/** Thrown when a pager or a snapshot refuses a request, with the reason. Nothing was changed. */
public final class PagerRefusedException extends RuntimeException {
    /** Reasons of a refusal. */
    public enum Reason {
        /** Fewer pages, or slots of state, are free than are needed. */
        EXHAUSTED,
        /** The pager is closed. */
        CLOSED,
        /** The pager has been paused for too long, is paused already, or its engine does not take the pause. */
        PAUSED,
        /** Another capture is under way, or a page or a sequence got another owner while the request waited. */
        BUSY,
        /** The engine has not ended, so it cannot be detached. */
        ENGINE_RUNS,
        /** A page, a sequence or a state that does not exist. */
        UNKNOWN,
        /** A sequence of that id exists. */
        EXISTS,
        /** More than one sequence has the page, so a write would change the others. */
        SHARED,
        /** A restore, or a copy of a shared page, fills the page, so nobody else may use it yet. */
        RESERVED,
        /** A number, a length or a reference that cannot be right. */
        INVALID,
        /** The snapshot is of another model, layout or version. */
        MISMATCH,
        /** A byte of a stored snapshot is not what was captured. */
        DAMAGED,
        /** The pager's memory is not what was written to it. Stored snapshots are as they were. */
        MEMORY_DAMAGED
    }

    private final Reason reason;

    public PagerRefusedException(Reason reason, String detail) {
        super(detail);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
