package dev.spillway.artifacts;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.concurrent.Callable;

/** Does what all stores do alike: lets one of many callers that miss the same artifact compile it. */
public abstract class CompilingStore implements ArtifactStore {
    private final SingleFlight<Fingerprint, Artifact> compilations = new SingleFlight<>();

    @Override
    public final Artifact getOrCompile(Fingerprint fingerprint, Callable<Artifact> compiler) throws Exception {
        Optional<Artifact> known = unlessFailed(() -> get(fingerprint));
        return known.isPresent() ? known.get() : compilations.run(fingerprint, () -> compile(fingerprint, compiler));
    }

    /** Compiles and stores an artifact that was missed. One caller of this store does so at a time. */
    protected Artifact compile(Fingerprint fingerprint, Callable<Artifact> compiler) throws Exception {
        // another caller may have compiled it since the miss
        Optional<Artifact> known = unlessFailed(() -> peek(fingerprint));
        if (known.isPresent()) {
            return known.get();
        }
        Artifact compiled = compiler.call();
        try {
            put(fingerprint, compiled);
        } catch (IOException e) {
            // the caller has what it asked for; flush tells what cannot be written
        }
        return compiled;
    }

    /** A store that cannot be read is no reason not to compile. */
    private static Optional<Artifact> unlessFailed(Callable<Optional<Artifact>> lookup) throws Exception {
        try {
            return lookup.call();
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Does what {@link #get} does, and counts nothing. */
    protected abstract Optional<Artifact> peek(Fingerprint fingerprint) throws IOException;
}
