package dev.spillway.worker.host;

import java.io.IOException;

/**
 * Makes a repeated change recognisable.
 *
 * @param digest digest of the whole request; for a streamed body known only when it was read to its end
 */
public record RequestKey(String key, DigestOfRequest digest) {
    /** Tells the digest of a request; reads what is left of its body. */
    @FunctionalInterface
    public interface DigestOfRequest {
        String get() throws IOException;
    }
}
