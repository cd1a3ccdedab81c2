package dev.spillway.events;

/** The full name of an entry: its namespace and its key. Ordered by namespace, then key, which is the order in which rows are locked. */
public record EntryName(NamespaceName namespace, EntryKey key) implements Comparable<EntryName> {
    @Override
    public int compareTo(EntryName other) {
        int byNamespace = namespace.compareTo(other.namespace);
        return byNamespace != 0 ? byNamespace : key.compareTo(other.key);
    }

    @Override
    public String toString() {
        return namespace + "/" + key;
    }
}
