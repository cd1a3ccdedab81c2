package dev.spillway.worker.filesystem;

/** Carries an outcome other than "staged" out of a walk. Without a stack trace: it is an answer, not an error. */
public final class StagingStopped extends Exception {
    private static final long serialVersionUID = 1;

    private final transient StageOutcome outcome;

    private StagingStopped(StageOutcome outcome) {
        super(outcome.toString(), null, false, false);
        this.outcome = outcome;
    }

    /** @param detail names of others in it are to be given as {@link ShownPath} shows them */
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
