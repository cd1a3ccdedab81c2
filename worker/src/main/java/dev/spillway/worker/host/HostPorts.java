package dev.spillway.worker.host;

import dev.spillway.events.Report;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.worker.core.model.Delivery;
import java.util.function.Consumer;

/**
 * The registry, the reports and the orders of a host.
 *
 * @param reports publishes reports. It never blocks and may lose a report, because the heartbeat carries reports, too
 */
public record HostPorts(Registry registry, Consumer<Report> reports, Orders orders) {
    /** Sends messages to the registry. */
    @FunctionalInterface
    public interface Registry {
        /** Blocks until the outcome is known; bounded by the sender's own timeout. */
        Delivery<?> send(WorkerMessage<?> message) throws InterruptedException;
    }

    /** Follows orders. */
    @FunctionalInterface
    public interface Orders {
        /**
         * Reads this partition from now on, instead of any other; never blocks.
         *
         * @param nextOffset first offset to read, or -1 for the oldest that is kept
         */
        void follow(int partition, long nextOffset);
    }
}
