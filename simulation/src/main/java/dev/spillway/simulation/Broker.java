package dev.spillway.simulation;

import dev.spillway.events.Order;
import dev.spillway.events.Report;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A broker with one log of orders for each partition and one of reports: ordered, durable, now and then away, losing its oldest records, and its
 * topic of orders made anew with more partitions.
 */
final class Broker {
    /** A log that may have lost its beginning. */
    static final class Log<T> {
        private final List<T> records = new ArrayList<>();
        private int first;

        void append(T record) {
            records.add(record);
        }

        int end() {
            return records.size();
        }

        /** Where a reader goes on that was at {@code offset}. */
        int from(long offset) {
            return (int) Math.max(first, Math.min(offset, records.size()));
        }

        @Nullable
        T read(long offset) {
            return offset >= first && offset < records.size() ? records.get((int) offset) : null;
        }

        void loseUpTo(int offset) {
            first = Math.max(first, Math.min(offset, records.size()));
        }
    }

    private final List<Log<Order>> orders = new ArrayList<>();
    private final Log<Report> reports = new Log<>();
    private final List<Runnable> readers = new ArrayList<>();
    private boolean up = true;

    Broker(int partitions) {
        make(partitions);
    }

    private void make(int partitions) {
        for (int partition = 0; partition < partitions; partition++) {
            orders.add(new Log<>());
        }
    }

    /** Everything that was on the topic of orders is gone, and offsets begin anew. */
    void makeAnew(int partitions) {
        orders.clear();
        make(partitions);
        tell();
    }

    /** Calls {@code reader} whenever there may be something to read. */
    void onRecord(Runnable reader) {
        readers.add(reader);
    }

    private void tell() {
        readers.forEach(Runnable::run);
    }

    boolean isUp() {
        return up;
    }

    void set(boolean available) {
        up = available;
        tell();
    }

    void order(int partition, Order order) {
        orders.get(partition).append(order);
        tell();
    }

    void report(Report report) {
        reports.append(report);
        tell();
    }

    Log<Order> orders(int partition) {
        return orders.get(partition);
    }

    int partitions() {
        return orders.size();
    }

    Log<Report> reports() {
        return reports;
    }
}
