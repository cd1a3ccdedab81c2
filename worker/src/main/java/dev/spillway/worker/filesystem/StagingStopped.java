package dev.spillway.worker.filesystem;

/** Ends a walk with an outcome other than "staged". It has no stack trace, because it is an answer and not an error. */
public final class StagingStopped extends Exception {
    private static final long serialVersionUID = 1;

    private final transient StageOutcome outcome;

    private StagingStopped(StageOutcome outcome) {
        super(outcome.toString(), null, false, false);
        this.outcome = outcome;
    }

    /** @param detail the reason; paths in it are shortened by {@link ShownPath} */
    public static StagingStopped refused(RefusalReason reason, String path, String detail) {
        return new StagingStopped(new StageOutcome.Refused(reason, ShownPath.of(path), detail));
    }

    public static StagingStopped tooLarge(long maxBytes) {
        return new StagingStopped(new StageOutcome.TooLarge(maxBytes));
    }

    public StageOutcome outcome() {
        return outcome;
    }
}
