package dev.spillway.bench.orders;

/** A fleet, and how many partitions the topic of its orders has. */
record Partitioning(int hosts, int partitions) {
    @Override
    public String toString() {
        return "%,d hosts, %,d partitions".formatted(hosts, partitions);
    }
}
