package dev.spillway.worker.app;

import dev.spillway.worker.core.NotKept;
import dev.spillway.worker.host.Puts;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/** Metrics of the properties of archives' entries that their images lack. */
record ArchiveLossesMeter(Puts puts) implements MeterBinder {
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
