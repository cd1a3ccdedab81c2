package dev.spillway.worker.host.artifact;

import java.io.IOException;
import java.io.Serial;

/** Thrown when an artifact that arrives exceeds a limit. */
public final class ArrivalRefusedException extends IOException {
    /** The limit that it exceeds. */
    public enum Limit {
        OF_ONE_ARTIFACT, OF_THIS_HOST
    }

    @Serial
    private static final long serialVersionUID = 1L;

    private final Limit limit;

    ArrivalRefusedException(Limit limit, String message) {
        super(message);
        this.limit = limit;
    }

    public Limit limit() {
        return limit;
    }
}
