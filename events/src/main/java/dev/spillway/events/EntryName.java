package dev.spillway.events;

import java.util.Comparator;

/** The full name of an entry: its namespace and its key. Ordered by namespace, then key, which is the order in which rows are locked. */
public record EntryName(NamespaceName namespace, EntryKey key) implements Comparable<EntryName> {
    private static final Comparator<EntryName> ORDER = Comparator.comparing(EntryName::namespace).thenComparing(EntryName::key);

    @Override
    public int compareTo(EntryName other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return namespace + "/" + key;
    }
}
