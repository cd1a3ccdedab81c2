package dev.spillway.worker.host;

import dev.spillway.worker.core.ReplicaRecord;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends an image as tar under a hold. The hold is short and prolonged on the way, so that a killed process leaves none for long. */
public final class HeldArchive implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HeldArchive.class);

    private final Directories directories;
    private final UUID hold;
    private final ReplicaRecord replica;

    HeldArchive(Directories directories, UUID hold, ReplicaRecord replica) {
        this.directories = directories;
        this.hold = hold;
        this.replica = replica;
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

    private final class Prolonging extends FilterOutputStream {
        private Instant until = directories.archiveHeldUntil();

        Prolonging(OutputStream target) {
            super(target);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (directories.endsSoon(until)) {
                until = directories.archiveHeldUntil();
                prolong();
            }
            out.write(bytes, offset, length);
        }

        private void prolong() throws IOException {
            try {
                if (directories.extend(hold, until).isEmpty()) {
                    throw new IOException("the hold on " + replica.name() + " ran out while it was sent");
                }
            } catch (HostBusyException | HostStoppedException e) {
                throw new IOException("the hold on " + replica.name() + " could not be prolonged: " + e.getMessage(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while " + replica.name() + " was sent");
            }
        }
    }

    @Override
    public void close() {
        try {
            directories.release(hold);
        } catch (HostBusyException | HostStoppedException e) {
            LOG.warn("the hold on {} stays until it runs out: {}", replica.name(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
