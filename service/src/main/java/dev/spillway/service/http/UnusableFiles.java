package dev.spillway.service.http;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warns of files that cannot be used: once for each content, or reason, though they are read every few seconds. Used by one thread at a time. */
final class UnusableFiles {
    private static final Logger LOG = LoggerFactory.getLogger(UnusableFiles.class);

    private final String consequence;
    private volatile @Nullable Told told;

    private record Told(@Nullable Object contents, String reason) {}

    /** @param consequence of a refusal, with the file */
    UnusableFiles(String consequence) {
        this.consequence = consequence;
    }

    /** @param contents compared with those of the last refusal; absent where they could not be read */
    void tell(@Nullable Object contents, Exception why) {
        String reason = why instanceof IOException && why.getMessage() != null && why.getClass() == IOException.class ? why.getMessage()
                : why.toString();
        Told now = new Told(contents, reason);
        if (!now.equals(told)) {
            told = now;
            LOG.warn("{}: {}", consequence, reason);
        }
    }

    /** Warns of the same again, should it come back. */
    void over() {
        told = null;
    }
}
