package dev.spillway.worker.host;

import java.io.IOException;

/**
 * Makes a repeated change recognisable.
 *
 * @param digest of everything that is asked; where the body is streamed only known once it was read to its end
 */
public record RequestKey(String key, DigestOfRequest digest) {
    /** Tells the digest of a request; reads what is left of its body. */
    @FunctionalInterface
    public interface DigestOfRequest {
        String get() throws IOException;
    }
}
