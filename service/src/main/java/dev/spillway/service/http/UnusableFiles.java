package dev.spillway.service.http;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs a warning about unusable files once per content or reason, although they are read every few seconds. Used by one thread at a time. */
final class UnusableFiles {
    private static final Logger LOG = LoggerFactory.getLogger(UnusableFiles.class);

    private final String consequence;
    private volatile @Nullable Told told;

    private record Told(@Nullable Object contents, String reason) {}

    /** @param consequence consequence of a refusal, with the file's name */
    UnusableFiles(String consequence) {
        this.consequence = consequence;
    }

    /** @param contents contents, compared with those of the last refusal; absent if they could not be read */
    void tell(@Nullable Object contents, Exception why) {
        String reason = why instanceof IOException && why.getMessage() != null && why.getClass() == IOException.class ? why.getMessage()
                : why.toString();
        Told now = new Told(contents, reason);
        if (!now.equals(told)) {
            told = now;
            LOG.warn("{}: {}", consequence, reason);
        }
    }

    /** Ends the trouble, so that the same one is logged again if it returns. */
    void over() {
        told = null;
    }
}
