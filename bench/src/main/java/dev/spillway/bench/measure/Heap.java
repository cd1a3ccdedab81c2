package dev.spillway.bench.measure;

import com.sun.management.GarbageCollectorMXBean;
import com.sun.management.GcInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.Comparator;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Measures the live heap of this process. */
public final class Heap {
    private static final int COLLECTIONS = 5;

    private Heap() {}

    /**
     * Returns the bytes that survive several full collections in sequence. After a single one, objects may be left that an ending thread or a cleaner
     * still holds.
     */
    public static long afterCollections() {
        long least = afterCollection();
        for (int more = 1; more < COLLECTIONS; more++) {
            least = Math.min(least, afterCollection());
        }
        return least;
    }

    /**
     * Starts a full collection, and returns the bytes that survive it. The figure comes from the collector itself, because running callers fill the
     * heap again at once.
     */
    public static long afterCollection() {
        System.gc();
        Set<String> pools = ManagementFactory.getMemoryPoolMXBeans()
                .stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getName)
                .collect(Collectors.toSet());
        // The full collection left the fewest bytes. Young collections may have followed it already.
        return ManagementFactory.getPlatformMXBeans(GarbageCollectorMXBean.class)
                .stream()
                .filter(collector -> collector.getName().contains("Old") || collector.getName().contains("MarkSweep"))
                .map(GarbageCollectorMXBean::getLastGcInfo)
                .filter(Objects::nonNull)
                .max(Comparator.comparingLong(GcInfo::getEndTime))
                .map(
                        last -> last.getMemoryUsageAfterGc()
                                .entrySet()
                                .stream()
                                .filter(usage -> pools.contains(usage.getKey()))
                                .mapToLong(usage -> usage.getValue().getUsed())
                                .sum())
                .orElseGet(() -> ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
}
