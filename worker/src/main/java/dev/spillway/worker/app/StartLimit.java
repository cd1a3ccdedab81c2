package dev.spillway.worker.app;

import dev.spillway.service.DependencyUnavailableException;
import dev.spillway.service.settings.HostPort;
import dev.spillway.worker.host.HostLoop;
import dev.spillway.worker.host.HostView;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives up if no coordinator answers within a time after the start. It is used for stores that never joined a registry: they have nothing to serve,
 * and most likely the address is wrong. A refusal counts as an answer, because the registry may take it back.
 */
final class StartLimit implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StartLimit.class);

    private final List<HostPort> coordinators;
    private final Duration within;
    private final HostLoop loop;
    private final Thread thread;

    /** @param onFailure told once when the time is over; the process should then end */
    StartLimit(List<HostPort> coordinators, Duration within, HostLoop loop, Consumer<Throwable> onFailure) {
        this.coordinators = coordinators;
        this.within = within;
        this.loop = loop;
        this.thread = Thread.ofVirtual().name("start-limit").start(() -> {
            try {
                if (!loop.awaitRegistryHeard(within)) {
                    onFailure.accept(notReachable());
                }
            } catch (InterruptedException e) {
                LOG.debug("stopped while the registry was waited for");
            }
        });
    }

    private DependencyUnavailableException notReachable() {
        HostView.Status status = loop.view().status();
        String last = status.unreachable() == null ? "no answer yet" : status.unreachable();
        String server = coordinators.stream()
                .map(HostPort::toString)
                .collect(Collectors.joining(", ", coordinators.size() == 1 ? "coordinator at " : "coordinators at ", ""));
        return new DependencyUnavailableException(
                server,
                last,
                "trying for " + BigDecimal.valueOf(within.toMillis(), 3).stripTrailingZeros().toPlainString() + " s",
                new IOException(last));
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
