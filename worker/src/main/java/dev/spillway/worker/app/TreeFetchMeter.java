package dev.spillway.worker.app;

import dev.spillway.worker.host.directory.Directories;
import dev.spillway.worker.host.directory.TreeFetches;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/** Metrics of the trees that a host takes from other hosts, and sends to them. */
record TreeFetchMeter(TreeFetches fetches, Directories directories) implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        FunctionCounter.builder("spillway.directories.fetched", fetches, TreeFetches::fetched)
                .description("Copies that other hosts gave")
                .register(registry);
        FunctionCounter.builder("spillway.directories.fetches.failed", fetches, TreeFetches::failed)
                .description("Fetches that ended without a copy, although another host had one")
                .register(registry);
        FunctionCounter.builder("spillway.directories.sent", directories, Directories::sent)
                .description("Copies that were sent to other hosts, complete or not")
                .register(registry);
    }
}
