package dev.spillway.artifacts;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;

/** A bounded store of artifacts by fingerprint. Thread-safe; a reader gets a whole artifact or none. */
public interface ArtifactStore extends AutoCloseable {
    /**
     * Returns the artifact with this fingerprint, shared by all callers. The lookup counts as a use.
     *
     * @throws IOException if the store cannot be read. A damaged artifact is a miss, not an error
     */
    Optional<Artifact> get(Fingerprint fingerprint) throws IOException;

    /**
     * Stores an artifact, in place of an older one. It survives a crash only after the next {@link #flush}.
     *
     * @return whether it was accepted. An artifact that exceeds a limit is not, and the older one stays
     * @throws IOException if the store cannot be written; the older one stays
     */
    boolean put(Fingerprint fingerprint, Artifact artifact) throws IOException;

    /** Removes an artifact, and returns whether there was one. */
    boolean remove(Fingerprint fingerprint) throws IOException;

    /** Makes all artifacts that were accepted before this call survive a loss of power. */
    void flush() throws IOException;

    ArtifactMetrics metrics();

    /**
     * Returns the artifact. The first caller that misses it compiles and stores it; callers of the same store that miss it meanwhile wait for the
     * first one. If the compiler fails, all of them get its failure, and the next call compiles again.
     *
     * @throws IllegalStateException if the compiler asks for its own fingerprint
     * @throws Exception the compiler's own failure
     */
    Artifact getOrCompile(Fingerprint fingerprint, Callable<Artifact> compiler) throws Exception;

    /** Flushes, and closes the store's files. Closing a second time does nothing. */
    @Override
    void close() throws IOException;
}
