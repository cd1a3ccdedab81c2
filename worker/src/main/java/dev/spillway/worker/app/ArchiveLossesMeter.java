package dev.spillway.worker.app;

import dev.spillway.worker.core.model.NotKept;
import dev.spillway.worker.host.directory.TreePuts;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/** Metrics of the properties of archives' entries that their images lack. */
record ArchiveLossesMeter(TreePuts puts) implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        for (NotKept kind : NotKept.values()) {
            FunctionCounter.builder("spillway.archives.not.kept", puts, counted -> counted.notKept(kind))
                    .description("Entries of archives of which something is not kept")
                    .tag("kind", kind.word())
                    .register(registry);
        }
    }
}
