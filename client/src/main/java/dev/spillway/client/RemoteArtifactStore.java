package dev.spillway.client;

import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.RequestTarget;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.Artifacts.Claim;
import dev.spillway.api.body.Artifacts.Claimed;
import dev.spillway.api.body.Artifacts.Kept;
import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactMetrics;
import dev.spillway.artifacts.CompilingStore;
import dev.spillway.artifacts.Fingerprint;
import dev.spillway.client.http.Call;
import dev.spillway.client.http.Content;
import dev.spillway.client.http.NoContent;
import dev.spillway.client.http.Retries;
import dev.spillway.events.NamespaceName;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Reads and stores artifacts through a worker. If several processes of its host miss the same artifact, one of them compiles it. Thread-safe. */
final class RemoteArtifactStore extends CompilingStore {
    private static final Duration WAIT = Duration.ofSeconds(20);
    /** Duration of a claim. A process that compiles extends its claim; the claim of a crashed process expires. */
    private static final Duration CLAIMED_FOR = Duration.ofSeconds(30);
    private static final Duration EXTENDED_EVERY = Duration.ofSeconds(8);

    private final NamespaceName namespace;
    private final Retries worker;
    private final Duration timeout;

    RemoteArtifactStore(NamespaceName namespace, Retries worker, Duration timeout) {
        this.namespace = namespace;
        this.worker = worker;
        this.timeout = timeout;
    }

    /** Asks the worker for something. */
    private interface Asked<T> {
        T of(Retries worker) throws InterruptedException;
    }

    private <T> T ask(Asked<T> asked) throws IOException {
        try {
            return asked.of(worker);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while the worker is asked").initCause(e);
        } catch (NotReachableException | OutcomeUnknownException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private Call call(RequestTarget target) {
        return Call.of(target, timeout);
    }

    /** Reads an artifact. Content that does not match its tag is a transport failure, not a miss. */
    @Override
    protected Optional<Artifact> peek(Fingerprint fingerprint) throws IOException {
        try {
            Content content =
                    ask(asked -> asked.send(call(WorkerApi.GET_ARTIFACT.at(namespace, fingerprint)), Content.class));
            String told = content.header("etag").orElse("none");
            String actual = "\"" + Fingerprint.sha256(content.bytes()) + "\"";
            if (!told.equals(actual)) {
                damaged.increment();
                throw new IOException("artifact %s: has the digest %s (expected: %s)".formatted(fingerprint, actual, told));
            }
            return Optional.of(Artifact.shared(content.bytes()));
        } catch (ProblemException e) {
            if (e.type() == ProblemType.UNKNOWN_ENTRY) {
                return Optional.empty();
            }
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public boolean put(Fingerprint fingerprint, Artifact artifact) throws IOException {
        try {
            ask(
                    asked -> asked.send(
                            call(WorkerApi.PUT_ARTIFACT.at(namespace, fingerprint)).body(Content.of(artifact.toByteArray())),
                            Kept.class));
            puts.increment();
            return true;
        } catch (ProblemException e) {
            if (e.type() == ProblemType.TOO_LARGE || e.type() == ProblemType.BODY_TOO_LARGE || e.type() == ProblemType.NO_ROOM
                    || e.type() == ProblemType.WRITTEN_ALREADY) {
                rejected.increment();
                return false;
            }
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public boolean remove(Fingerprint fingerprint) throws IOException {
        try {
            ask(asked -> asked.send(call(WorkerApi.DELETE_ARTIFACT.at(namespace, fingerprint)), NoContent.class));
            return true;
        } catch (ProblemException e) {
            if (e.type() == ProblemType.UNKNOWN_ENTRY) {
                return false;
            }
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            ask(asked -> asked.send(call(WorkerApi.FLUSH_ARTIFACTS.at(namespace)), NoContent.class));
            flushes.increment();
        } catch (IOException | ProblemException e) {
            flushErrors.increment();
            throw e instanceof IOException failure ? failure : new IOException(e.getMessage(), e);
        }
    }

    /**
     * {@inheritDoc} The worker lets one process at a time compile. If the worker cannot be reached, this process compiles and does not store the
     * result.
     */
    @Override
    protected Artifact compile(Fingerprint fingerprint, Callable<Artifact> compiler) throws Exception {
        while (true) {
            Claimed claimed = claim(fingerprint, WAIT, null);
            if (claimed == null) {
                return compiler.call();
            }
            switch (claimed.state()) {
                case HERE -> {
                    Optional<Artifact> made = peek(fingerprint);
                    if (made.isPresent()) {
                        return made.get();
                    }
                }
                case YOURS -> {
                    Thread extending = Thread.ofVirtual().start(() -> extend(fingerprint, claimed.id()));
                    try {
                        return super.compile(fingerprint, compiler);
                    } finally {
                        extending.interrupt();
                        giveBack(fingerprint, claimed.id());
                    }
                }
                case TAKEN -> {
                    // The worker has waited before it answered.
                }
            }
        }
    }

    /** Extends a claim until this thread is interrupted. */
    private void extend(Fingerprint fingerprint, @Nullable UUID claim) {
        try {
            while (true) {
                Thread.sleep(EXTENDED_EVERY);
                claim(fingerprint, Duration.ZERO, claim);
            }
        } catch (InterruptedException e) {
            // It is compiled.
        }
    }

    private @Nullable Claimed claim(Fingerprint fingerprint, Duration waitFor, @Nullable UUID extended) throws InterruptedException {
        try {
            return worker.once()
                    .send(
                            call(WorkerApi.CLAIM_ARTIFACT.at(namespace, fingerprint)).timeout(timeout.plus(WAIT))
                                    .body(new Claim(waitFor, CLAIMED_FOR, extended)),
                            Claimed.class);
        } catch (ProblemException | NotReachableException | OutcomeUnknownException e) {
            return null;
        }
    }

    private void giveBack(Fingerprint fingerprint, @Nullable UUID claim) throws InterruptedException {
        try {
            worker.once().send(call(WorkerApi.UNCLAIM_ARTIFACT.at(namespace, fingerprint).with("id", claim)), NoContent.class);
        } catch (ProblemException | NotReachableException | OutcomeUnknownException e) {
            // The claim expires by itself.
        }
    }

    /** Returns the counts of this store. The worker has metrics of its own. */
    @Override
    public ArtifactMetrics metrics() {
        return counts();
    }

    /** Does nothing, because the connections belong to the client. */
    @Override
    public void close() {}
}
