package dev.spillway.worker.host.directory;

import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.host.HostBusyException;
import dev.spillway.worker.host.HostStoppedException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An image that is read under a hold. The hold is short and is extended on the way, so it ends soon if the process is killed. Used by one thread. */
public final class HeldImage implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HeldImage.class);

    private final Directories directories;
    private final UUID hold;
    private final ReplicaRecord replica;
    private final Runnable onClose;
    private Instant until;
    private boolean closed;

    /** @param onClose run once, when this is closed first */
    HeldImage(Directories directories, UUID hold, ReplicaRecord replica, Runnable onClose) {
        this.onClose = onClose;
        this.directories = directories;
        this.hold = hold;
        this.replica = replica;
        this.until = directories.archiveHeldUntil();
    }

    public ReplicaRecord replica() {
        return replica;
    }

    /** Writes the tree as tar and leaves the stream open. */
    public void writeTo(OutputStream target) throws IOException {
        try {
            directories.write(replica, new Prolonging(target));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + replica.name() + " was sent");
        }
    }

    /**
     * Extends the hold if it ends soon.
     *
     * @throws IOException if the image may be gone by now
     */
    public void keep() throws IOException {
        if (!directories.endsSoon(until)) {
            return;
        }
        until = directories.archiveHeldUntil();
        try {
            if (directories.extend(hold, until).isEmpty()) {
                throw new IOException("the hold on " + replica.name() + " ran out while it was read");
            }
        } catch (HostBusyException | HostStoppedException e) {
            throw new IOException("the hold on " + replica.name() + " could not be prolonged: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + replica.name() + " was read");
        }
    }

    private final class Prolonging extends FilterOutputStream {
        Prolonging(OutputStream target) {
            super(target);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            keep();
            out.write(bytes, offset, length);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        onClose.run();
        try {
            directories.release(hold);
        } catch (HostBusyException | HostStoppedException e) {
            LOG.warn("the hold on {} stays until it runs out: {}", replica.name(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
