package dev.spillway.simulation;

import dev.spillway.events.Order;
import dev.spillway.events.Report;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A broker with one log of orders for each partition and one of reports: ordered, durable, now and then away, and losing its oldest records. */
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
        T read(int offset) {
            return offset < records.size() ? records.get(offset) : null;
        }

        void loseUpTo(int offset) {
            first = Math.max(first, Math.min(offset, records.size()));
        }
    }

    private final List<Log<Order>> orders = new ArrayList<>();
    private final Log<Report> reports = new Log<>();
    private boolean up = true;

    Broker(int partitions) {
        for (int partition = 0; partition < partitions; partition++) {
            orders.add(new Log<>());
        }
    }

    boolean isUp() {
        return up;
    }

    void set(boolean available) {
        up = available;
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
