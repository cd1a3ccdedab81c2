package dev.spillway.simulation;

import dev.spillway.events.Order;
import dev.spillway.events.Report;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A simulated broker with one log of orders per partition and one of reports. The logs are ordered and durable. The broker is down at times, loses
 * its oldest records, and can have its topic of orders recreated with more partitions.
 */
final class Broker {
    /** A log that may have lost its oldest records. */
    static final class Log<T> {
        private final List<T> records = new ArrayList<>();
        private int first;

        void append(T record) {
            records.add(record);
        }

        int end() {
            return records.size();
        }

        /** Returns the offset at which a reader continues whose position was {@code offset}. */
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

    /** Recreates the topic of orders: its records are lost, and offsets begin again at 0. */
    void makeAnew(int partitions) {
        orders.clear();
        make(partitions);
        tell();
    }

    /** Registers a reader, which is called whenever there may be something to read. */
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
