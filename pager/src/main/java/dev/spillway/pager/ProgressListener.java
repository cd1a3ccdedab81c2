package dev.spillway.pager;

import java.io.IOException;

/** Follows a capture, a restore or a verification, and may end it by an exception. */
@FunctionalInterface
public interface ProgressListener {
    /** @param bytes done so far */
    void done(long bytes) throws IOException, InterruptedException;
}
