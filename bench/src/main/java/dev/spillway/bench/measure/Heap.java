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

/** What lives on the heap of this process. */
public final class Heap {
    private static final int COLLECTIONS = 5;

    private Heap() {}

    /**
     * Bytes that outlive several full collections, one after the other. A single one may leave what a thread that is just ending, or an object
     * with a cleaner, still holds.
     */
    public static long afterCollections() {
        long least = afterCollection();
        for (int more = 1; more < COLLECTIONS; more++) {
            least = Math.min(least, afterCollection());
        }
        return least;
    }

    /**
     * Bytes that outlive a full collection, which this starts. Taken from what the collector itself says, because callers that go on fill the
     * heap again at once.
     */
    public static long afterCollection() {
        System.gc();
        Set<String> pools = ManagementFactory.getMemoryPoolMXBeans()
                .stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getName)
                .collect(Collectors.toSet());
        // A full collection is the only one that leaves the least; younger ones may have followed it already.
        return ManagementFactory.getPlatformMXBeans(GarbageCollectorMXBean.class)
                .stream()
                .filter(collector -> collector.getName().contains("Old") || collector.getName().contains("MarkSweep"))
                .map(GarbageCollectorMXBean::getLastGcInfo)
                .filter(Objects::nonNull)
                .max(Comparator.comparingLong(GcInfo::getEndTime))
                .map(last -> last.getMemoryUsageAfterGc()
                        .entrySet()
                        .stream()
                        .filter(usage -> pools.contains(usage.getKey()))
                        .mapToLong(usage -> usage.getValue().getUsed())
                        .sum())
                .orElseGet(() -> ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
}
