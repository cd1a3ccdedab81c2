package dev.spillway.bench.curves;

import java.util.Arrays;

/** The exact hit rates of a trace at every size, under LRU. */
final class StackDistances {
    private final long[] byEntries;
    private final long[] byBytes;
    private final int reads;

    private StackDistances(long[] byEntries, long[] byBytes, int reads) {
        this.byEntries = byEntries;
        this.byBytes = byBytes;
        this.reads = reads;
    }

    /** Computes the hit rates. Takes n log n time for n reads. */
    static StackDistances of(Trace trace) {
        int reads = trace.reads();
        long[] counts = new long[reads + 1];
        long[] bytes = new long[reads + 1];
        int[] last = new int[trace.keys()];
        long[] entryDistances = new long[reads];
        long[] byteDistances = new long[reads];
        int hits = 0;
        for (int read = 1; read <= reads; read++) {
            int key = trace.key(read - 1);
            long size = trace.size(key);
            if (last[key] != 0) {
                entryDistances[hits] = sum(counts, read - 1) - sum(counts, last[key]) + 1;
                byteDistances[hits] = sum(bytes, read - 1) - sum(bytes, last[key]) + size;
                hits++;
                add(counts, last[key], -1);
                add(bytes, last[key], -size);
            }
            add(counts, read, 1);
            add(bytes, read, size);
            last[key] = read;
        }
        return new StackDistances(sorted(entryDistances, hits), sorted(byteDistances, hits), reads);
    }

    private static long[] sorted(long[] distances, int count) {
        long[] sorted = Arrays.copyOf(distances, count);
        Arrays.sort(sorted);
        return sorted;
    }

    private static long sum(long[] tree, int to) {
        long sum = 0;
        for (int at = to; at > 0; at -= at & -at) {
            sum += tree[at];
        }
        return sum;
    }

    private static void add(long[] tree, int from, long value) {
        for (int at = from; at < tree.length; at += at & -at) {
            tree[at] += value;
        }
    }

    double atEntries(long size) {
        return upTo(byEntries, size);
    }

    double atBytes(long size) {
        return upTo(byBytes, size);
    }

    private double upTo(long[] distances, long size) {
        int low = 0;
        int high = distances.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (distances[middle] <= size) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return (double) low / reads;
    }
}
