package dev.spillway.worker.app;

import dev.spillway.pager.PagePool;
import dev.spillway.worker.host.pager.HostPagers;
import dev.spillway.worker.host.pager.PagerCounts;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;

/** Metrics of each open pager. They are removed when the pager closes, so their number is bounded by that of the open pagers. */
final class PagerMeter implements HostPagers.Watcher {
    private final MeterRegistry registry;
    private final Map<HostPagers.Open, List<Meter>> meters = new ConcurrentHashMap<>();

    PagerMeter(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public void opened(HostPagers.Open pager) {
        meters.put(
                pager,
                List.of(
                        pages(pager, ".free", "Pages that are free", PagePool::freePageCount),
                        pages(pager, ".pinned", "Pages that a sequence has", PagePool::sequencePageCount),
                        pages(pager, "", "Pages, free or not", PagePool::pageCount),
                        count(pager, "captures", "Captures that became entries", PagerCounts::captures),
                        count(pager, "captures.failed", "Captures that did not", PagerCounts::capturesFailed),
                        count(pager, "restores", "Restores whose sequences were installed", PagerCounts::restores),
                        count(pager, "restores.failed", "Restores that installed nothing", PagerCounts::restoresFailed),
                        FunctionTimer
                                .builder(
                                        "spillway.pager.pause",
                                        pager.counts(),
                                        PagerCounts::pauses,
                                        PagerCounts::pauseNanos,
                                        TimeUnit.NANOSECONDS)
                                .description("Times for which captures stopped writes")
                                .tag("pager", pager.name())
                                .register(registry)));
    }

    private Meter pages(HostPagers.Open pager, String state, String description, ToLongFunction<PagePool> figure) {
        return Gauge.builder("spillway.pager.pages" + state, pager.pool(), figure::applyAsLong)
                .description(description)
                .tag("pager", pager.name())
                .register(registry);
    }

    private Meter count(HostPagers.Open pager, String name, String description, ToLongFunction<PagerCounts> figure) {
        return FunctionCounter.builder("spillway.pager." + name, pager.counts(), figure::applyAsLong)
                .description(description)
                .tag("pager", pager.name())
                .register(registry);
    }

    @Override
    public void closed(HostPagers.Open pager) {
        List<Meter> gone = meters.remove(pager);
        if (gone != null) {
            gone.forEach(registry::remove);
        }
    }
}
