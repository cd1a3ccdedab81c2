package dev.spillway.artifacts;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Asks stores one after the other, the fastest first, and copies an artifact from a slower store into the faster ones. If many callers miss the same
 * artifact in the fastest store, one of them asks the slower ones. A miss is not remembered.
 *
 * <p>A lookup skips a store that fails. If no other store has the artifact, the failure is thrown: a failure is never a miss.
 */
public final class LayeredArtifactStore extends CompilingStore {
    /** Times at which the slower stores get an artifact that is put. */
    public enum Writes {
        /** At once. */
        THROUGH,
        /** At the next flush, or when too many bytes wait. */
        BACK
    }

    private static final long WAITING_BYTES_MAX = 64L << 20;
    private static final int STRIPES = 1 << 10;

    private final ArtifactStore fastest;
    private final List<ArtifactStore> slower;
    private final Writes writes;
    private final SingleFlight<Fingerprint, Optional<Artifact>> lookups = new SingleFlight<>();
    /** Numbers of changes that began and ended, by stripe of fingerprints. A lookup during a change copies nothing into faster stores. */
    private final AtomicIntegerArray begun = new AtomicIntegerArray(STRIPES);
    private final AtomicIntegerArray ended = new AtomicIntegerArray(STRIPES);

    /** Held while waiting artifacts are written to the slower stores, so that an older artifact never follows a newer one. */
    private final Lock writing = new ReentrantLock();
    /** Artifacts that the slower stores do not have yet. Guarded by its own monitor. */
    private final Map<Fingerprint, Artifact> waiting = new LinkedHashMap<>();
    private long waitingBytes;

    /**
     * @param layers one store or more, the fastest first. This store closes them
     */
    public LayeredArtifactStore(List<ArtifactStore> layers, Writes writes) {
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("no layer (expected: one or more)");
        }
        this.fastest = layers.getFirst();
        this.slower = List.copyOf(layers.subList(1, layers.size()));
        this.writes = writes;
    }

    @Override
    protected Optional<Artifact> peek(Fingerprint fingerprint) throws IOException {
        Optional<Artifact> found = fastest.get(fingerprint);
        if (found.isPresent() || slower.isEmpty()) {
            return found;
        }
        try {
            return lookups.run(fingerprint, () -> findBelow(fingerprint));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while another caller asks the slower stores").initCause(e);
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("a lookup threw what it does not declare", e);
        }
    }

    private Optional<Artifact> findBelow(Fingerprint fingerprint) throws IOException {
        // Another caller may have copied the artifact into the fastest store since the miss.
        Optional<Artifact> copied = fastest.get(fingerprint);
        if (copied.isPresent()) {
            return copied;
        }
        synchronized (waiting) {
            if (waiting.containsKey(fingerprint)) {
                return Optional.of(waiting.get(fingerprint));
            }
        }
        int stripe = stripe(fingerprint);
        int changes = ended.get(stripe);
        boolean quiet = begun.get(stripe) == changes;
        IOException failure = null;
        for (int i = 0; i < slower.size(); i++) {
            try {
                Optional<Artifact> found = slower.get(i).get(fingerprint);
                if (found.isPresent()) {
                    if (quiet) {
                        promote(fingerprint, found.get(), i, stripe, changes);
                    }
                    return found;
                }
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
        return Optional.empty();
    }

    /** Copies an artifact into all stores faster than the one that has it, unless it was changed meanwhile. Failures of these stores are ignored. */
    private void promote(Fingerprint fingerprint, Artifact artifact, int from, int stripe, int changes) {
        for (int i = -1; i < from; i++) {
            ArtifactStore above = i < 0 ? fastest : slower.get(i);
            try {
                above.put(fingerprint, artifact);
                if (begun.get(stripe) != changes) {
                    above.remove(fingerprint);
                }
            } catch (IOException e) {
                // The caller has the artifact without this copy.
            }
        }
    }

    private static int stripe(Fingerprint fingerprint) {
        return (int) (fingerprint.mixed() >>> 40) & (STRIPES - 1);
    }

    private <T> T changing(Fingerprint fingerprint, Callable<T> change) throws IOException {
        begun.incrementAndGet(stripe(fingerprint));
        try {
            return change.call();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("a change threw what it does not declare", e);
        } finally {
            ended.incrementAndGet(stripe(fingerprint));
        }
    }

    /**
     * {@inheritDoc} If some store accepts the artifact, those that do not accept it lose their older one, which would hide the newer one.
     *
     * @return whether one of the stores accepted it
     */
    @Override
    public boolean put(Fingerprint fingerprint, Artifact artifact) throws IOException {
        boolean accepted = changing(fingerprint, () -> {
            if (fastest.put(fingerprint, artifact)) {
                if (writes == Writes.BACK) {
                    await(fingerprint, artifact);
                    return true;
                }
                putSlower(fingerprint, artifact, true, new ArrayList<>());
                return true;
            }
            return putBelow(fingerprint, artifact);
        });
        (accepted ? puts : rejected).increment();
        return accepted;
    }

    /** Puts an artifact that the fastest store refused. An older one stays, unless a slower store accepts the new one. */
    private boolean putBelow(Fingerprint fingerprint, Artifact artifact) throws IOException {
        writing.lock();
        try {
            return putSlower(fingerprint, artifact, false, new ArrayList<>(List.of(fastest)));
        } finally {
            writing.unlock();
        }
    }

    /**
     * Puts an artifact into the slower stores. If any store accepts it, those that refuse it lose their older one.
     *
     * @param taken    whether the fastest store has accepted it
     * @param refusing stores that have refused it already
     * @return whether any store has accepted it
     */
    private boolean putSlower(Fingerprint fingerprint, Artifact artifact, boolean taken, List<ArtifactStore> refusing)
            throws IOException {
        boolean accepted = taken;
        IOException failure = null;
        for (ArtifactStore store : slower) {
            try {
                if (store.put(fingerprint, artifact)) {
                    accepted = true;
                } else {
                    refusing.add(store);
                }
            } catch (IOException e) {
                failure = e;
            }
        }
        if (accepted) {
            forgetWaiting(fingerprint);
            for (ArtifactStore store : refusing) {
                store.remove(fingerprint);
            }
        }
        if (failure != null) {
            throw failure;
        }
        return accepted;
    }

    private void await(Fingerprint fingerprint, Artifact artifact) throws IOException {
        if (slower.isEmpty()) {
            return;
        }
        boolean full;
        synchronized (waiting) {
            forgetWaiting(fingerprint);
            waiting.put(fingerprint, artifact);
            waitingBytes += artifact.size();
            full = waitingBytes > WAITING_BYTES_MAX;
        }
        if (full) {
            writeWaiting();
        }
    }

    private void forgetWaiting(Fingerprint fingerprint) {
        synchronized (waiting) {
            Artifact earlier = waiting.remove(fingerprint);
            waitingBytes -= earlier == null ? 0 : earlier.size();
        }
    }

    private void writeWaiting() throws IOException {
        writing.lock();
        try {
            Map<Fingerprint, Artifact> batch;
            synchronized (waiting) {
                batch = new LinkedHashMap<>(waiting);
            }
            for (Map.Entry<Fingerprint, Artifact> entry : batch.entrySet()) {
                for (ArtifactStore store : slower) {
                    if (!store.put(entry.getKey(), entry.getValue())) {
                        store.remove(entry.getKey());
                    }
                }
                synchronized (waiting) {
                    if (Objects.equals(waiting.get(entry.getKey()), entry.getValue())) {
                        forgetWaiting(entry.getKey());
                    }
                }
            }
        } finally {
            writing.unlock();
        }
    }

    @Override
    public boolean remove(Fingerprint fingerprint) throws IOException {
        return changing(fingerprint, () -> {
            writing.lock();
            try {
                boolean removed;
                synchronized (waiting) {
                    removed = waiting.containsKey(fingerprint);
                    forgetWaiting(fingerprint);
                }
                removed |= fastest.remove(fingerprint);
                for (ArtifactStore store : slower) {
                    removed |= store.remove(fingerprint);
                }
                return removed;
            } finally {
                writing.unlock();
            }
        });
    }

    @Override
    public void flush() throws IOException {
        writeWaiting();
        fastest.flush();
        for (ArtifactStore store : slower) {
            store.flush();
        }
    }

    /** Returns the lookups and puts of callers, each counted once. All other counts are sums over the stores. */
    @Override
    public ArtifactMetrics metrics() {
        ArtifactMetrics sum = fastest.metrics();
        for (ArtifactStore store : slower) {
            sum = sum.plus(store.metrics());
        }
        return counts().plus(
                new ArtifactMetrics(
                        0,
                        0,
                        0,
                        sum.damaged(),
                        0,
                        0,
                        sum.evictions(),
                        sum.evictedBytes(),
                        sum.flushes(),
                        sum.flushErrors(),
                        sum.cachedBytes(),
                        sum.entries()));
    }

    /** {@inheritDoc} Each store is closed, even if another one fails to close. */
    @Override
    public void close() throws IOException {
        IOException failure = null;
        List<Closing> closings = new ArrayList<>(List.of(this::writeWaiting, fastest::close));
        slower.forEach(store -> closings.add(store::close));
        for (Closing closing : closings) {
            try {
                closing.run();
            } catch (IOException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    @FunctionalInterface
    private interface Closing {
        void run() throws IOException;
    }
}
