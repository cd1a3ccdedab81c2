package dev.spillway.artifacts;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.LongAdder;

/** The common part of all stores: counts what happens, and lets one of many callers that miss the same artifact compile it. */
public abstract class CompilingStore implements ArtifactStore {
    private final SingleFlight<Fingerprint, Artifact> compilations = new SingleFlight<>();
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    /** Artifacts whose bytes had changed since they were stored. */
    protected final LongAdder damaged = new LongAdder();
    protected final LongAdder puts = new LongAdder();
    /** Puts of artifacts over a limit. */
    protected final LongAdder rejected = new LongAdder();
    protected final LongAdder flushes = new LongAdder();
    protected final LongAdder flushErrors = new LongAdder();

    @Override
    public Optional<Artifact> get(Fingerprint fingerprint) throws IOException {
        return counted(peek(fingerprint));
    }

    /** Counts a lookup, and returns its result. */
    protected final <T> Optional<T> counted(Optional<T> found) {
        (found.isPresent() ? hits : misses).increment();
        return found;
    }

    /** Returns the counts of this object. Evictions and what is held are 0. */
    protected final ArtifactMetrics counts() {
        long found = hits.sum();
        long missed = misses.sum();
        return new ArtifactMetrics(
                found + missed,
                found,
                missed,
                damaged.sum(),
                puts.sum(),
                rejected.sum(),
                0,
                0,
                flushes.sum(),
                flushErrors.sum(),
                0,
                0);
    }

    @Override
    public final Artifact getOrCompile(Fingerprint fingerprint, Callable<Artifact> compiler) throws Exception {
        Optional<Artifact> known = unlessFailed(() -> get(fingerprint));
        return known.isPresent() ? known.get() : compilations.run(fingerprint, () -> compile(fingerprint, compiler));
    }

    /** Compiles and stores an artifact that was missed. Per fingerprint, one caller of this store does so at a time. */
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
            // The caller has its artifact. The next flush throws if the store still cannot be written.
        }
        return compiled;
    }

    /** Returns the result of a lookup; empty if the store cannot be read, because the artifact can then be compiled. */
    private static Optional<Artifact> unlessFailed(Callable<Optional<Artifact>> lookup) throws Exception {
        try {
            return lookup.call();
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Does the same as {@link #get}, and counts nothing. */
    protected abstract Optional<Artifact> peek(Fingerprint fingerprint) throws IOException;
}
