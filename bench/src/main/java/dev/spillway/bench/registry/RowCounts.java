package dev.spillway.bench.registry;

import dev.spillway.bench.BenchmarkFailedException;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** Numbers of rows in the tables of the registry. */
record RowCounts(SortedMap<String, Long> byTable) {
    static final String ENTRIES = "entries";
    static final String DOOMED = "replicas, doomed";

    static RowCounts read(Jdbi database) {
        SortedMap<String, Long> counts = new TreeMap<>();
        try (Handle handle = database.open()) {
            for (String table : handle.createQuery("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").mapTo(String.class)) {
                counts.put(table, count(handle, '"' + table + '"'));
            }
            counts.put(DOOMED, count(handle, "replicas WHERE doom_cause IS NOT NULL"));
        }
        return new RowCounts(counts);
    }

    private static long count(Handle handle, String from) {
        return handle.createQuery("SELECT count(*) FROM " + from).mapTo(Long.class).one();
    }

    long of(String table) {
        return byTable.getOrDefault(table, 0L);
    }

    /** Returns the rows that were added or removed, by table. */
    SortedMap<String, Long> since(RowCounts before) {
        SortedMap<String, Long> grown = new TreeMap<>();
        byTable.forEach((table, count) -> {
            long more = count - before.of(table);
            if (more != 0) {
                grown.put(table, more);
            }
        });
        return grown;
    }

    /**
     * Sees that every put left exactly the rows that it should.
     *
     * @param perPut rows that one put leaves behind, by table; no other table changes its size
     */
    void requirePuts(String what, RowCounts before, long puts, SortedMap<String, Long> perPut, long capacity) {
        SortedMap<String, Long> expected = new TreeMap<>();
        if (puts > 0) {
            perPut.forEach((table, rows) -> expected.put(table, rows * puts));
        }
        SortedMap<String, Long> grown = since(before);
        if (!grown.equals(expected)) {
            throw new BenchmarkFailedException(
                    "rows after %,d puts, %s: %s (expected: %s, as each put of the baseline leaves %s)"
                            .formatted(puts, what, grown, expected, perPut));
        }
        if (of(ENTRIES) != capacity) {
            throw new BenchmarkFailedException("entries, %s: %d (expected: %d, the capacity)".formatted(what, of(ENTRIES), capacity));
        }
    }
}
