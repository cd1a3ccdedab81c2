package dev.spillway.worker.app;

import dev.spillway.worker.core.model.ReplicaState;
import dev.spillway.worker.filesystem.FileSystemSpace;
import dev.spillway.worker.host.HostLoop;
import dev.spillway.worker.host.HostView;
import dev.spillway.worker.kafka.OrderReader;
import dev.spillway.worker.kafka.ReportSender;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Locale;
import java.util.function.ToLongFunction;

/** Metrics of a host: replicas, disk, holds, reads, orders and reports. */
record HostFiguresMeter(HostLoop loop, ReportSender reports, OrderReader orders) implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        HostView view = loop.view();
        for (ReplicaState state : ReplicaState.values()) {
            String tag = state.name().toLowerCase(Locale.ROOT);
            Gauge.builder("spillway.replicas", view, host -> host.counts().getOrDefault(state, 0L))
                    .description("Replicas in the index")
                    .tag("state", tag)
                    .register(registry);
            Gauge.builder("spillway.replicas.size", view, host -> host.bytes().getOrDefault(state, 0L))
                    .description("Allocated bytes of the replicas in the index")
                    .baseUnit("bytes")
                    .tag("state", tag)
                    .register(registry);
        }
        space("free", "Bytes that this worker may still write to its store's file system", FileSystemSpace::freeBytes).baseUnit("bytes")
                .register(registry);
        space("size", "Bytes of the store's file system", FileSystemSpace::bytes).baseUnit("bytes").register(registry);
        space("inodes.free", "Files that this worker may still make on its store's file system", FileSystemSpace::freeInodes)
                .register(registry);
        space("inodes", "Inodes of the store's file system; 0 if their number is not fixed", FileSystemSpace::inodes).register(registry);
        Gauge.builder("spillway.holds", view, host -> host.holds().size()).description("Holds in force").register(registry);
        Gauge.builder("spillway.host.backlog", loop, HostLoop::backlog)
                .description("Inputs that wait for the host's thread")
                .register(registry);
        Gauge.builder("spillway.joined", view, host -> host.status().joined() ? 1 : 0)
                .description("Whether the registry takes this host's messages")
                .register(registry);
        FunctionCounter.builder("spillway.hits", loop, HostLoop::hits).description("Reads that found a served copy").register(registry);
        FunctionCounter.builder("spillway.misses", loop, HostLoop::misses).description("Reads that found none").register(registry);
        FunctionCounter.builder("spillway.orders.read", orders, OrderReader::orders)
                .description("Orders of this host read from Kafka")
                .register(registry);
        FunctionCounter.builder("spillway.orders.unproven", orders, OrderReader::unproven)
                .description("Orders from Kafka that were passed over because this host's key does not prove them")
                .register(registry);
        FunctionCounter.builder("spillway.reports.sent", reports, ReportSender::sent)
                .description("Reports that Kafka has")
                .register(registry);
        FunctionCounter.builder("spillway.reports.lost", reports, ReportSender::lost)
                .description("Reports that Kafka may not have; the heartbeat carries them")
                .register(registry);
    }

    private Gauge.Builder<HostLoop> space(String name, String description, ToLongFunction<FileSystemSpace> figure) {
        return Gauge.builder("spillway.store." + name, loop, host -> figure.applyAsLong(host.space())).description(description);
    }
}
