package dev.spillway.client;

import dev.spillway.api.ProblemException;
import dev.spillway.api.ProblemType;
import dev.spillway.api.WorkerApi;
import dev.spillway.api.body.CachedDirectories;
import dev.spillway.api.body.Holds;
import dev.spillway.client.http.Call;
import dev.spillway.client.http.NoContent;
import dev.spillway.client.http.Retries;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;

/** Extends its hold on a virtual thread after a third of its time, until it is closed or the hold is lost. */
final class HeldTree implements HeldDirectory {
    private final CachedDirectories.Found found;
    private final UUID hold;
    private final Retries worker;
    private final Duration timeout;
    private final Duration length;
    private final Set<HeldTree> open;
    private volatile Instant until;
    private final Thread extending;

    private HeldTree(
            CachedDirectories.Found found,
            CachedDirectories.Hold hold,
            Retries worker,
            Duration timeout,
            Duration length,
            Set<HeldTree> open) {
        this.found = found;
        this.hold = hold.id();
        this.until = hold.until();
        this.worker = worker;
        this.timeout = timeout;
        this.length = length;
        this.open = open;
        this.extending = Thread.ofVirtual().name("spillway-hold-" + hold.id()).unstarted(this::extend);
    }

    static HeldTree open(CachedDirectories.Found found, Retries worker, Duration timeout, Duration length, Set<HeldTree> open) {
        CachedDirectories.Hold hold = found.hold();
        if (hold == null) {
            throw new IllegalStateException("hold: none for " + found.path() + " (expected: the hold that was asked for)");
        }
        HeldTree tree = new HeldTree(found, hold, worker, timeout, length, open);
        open.add(tree);
        tree.extending.start();
        return tree;
    }

    private void extend() {
        try {
            while (true) {
                Thread.sleep(length.dividedBy(3));
                try {
                    until = worker.send(
                            Call.of(WorkerApi.EXTEND_HOLD.at(hold), timeout).body(new Holds.Extend(null, length.toString())),
                            Holds.Held.class).until();
                } catch (ProblemException e) {
                    if (e.type() == ProblemType.UNKNOWN_HOLD) {
                        // The hold expired, because the worker could not be reached in time. heldUntil shows this.
                        return;
                    }
                } catch (NotReachableException | OutcomeUnknownException e) {
                    // The extension is tried again after the next pause. Until then the hold is valid as granted.
                } catch (IllegalStateException e) {
                    // The client was closed while the tree was being fetched.
                    return;
                }
            }
        } catch (InterruptedException e) {
            // Closed.
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public Path path() {
        return Path.of(found.path());
    }

    @Override
    public String snapshotId() {
        return found.snapshotId().value();
    }

    @Override
    public long generation() {
        return found.generation();
    }

    @Override
    public long sizeBytes() {
        return found.sizeBytes();
    }

    @Override
    public Instant heldUntil() {
        return until;
    }

    @Override
    public void close() {
        if (!open.remove(this)) {
            return;
        }
        extending.interrupt();
        try {
            worker.once().send(Call.of(WorkerApi.RELEASE_HOLD.at(hold), timeout), NoContent.class);
        } catch (ProblemException | NotReachableException | OutcomeUnknownException e) {
            // The hold expires by itself.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
