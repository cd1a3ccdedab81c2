package dev.spillway.registry;

import dev.spillway.events.InvalidValueException;
import dev.spillway.events.ReplicaId;
import dev.spillway.registry.model.OpenOrder;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import java.util.UUID;

/**
 * A position in a host's open orders, after one of them. Neither part changes while the order is open, so paging neither skips nor repeats an order.
 */
public record OrderCursor(Instant orderedAt, ReplicaId replicaId) implements Comparable<OrderCursor> {
    /** The position before every order. */
    public static final OrderCursor START = new OrderCursor(Instant.EPOCH, new ReplicaId(new UUID(0, 0)));

    private static final Comparator<OrderCursor> ORDER = Comparator.comparing(OrderCursor::orderedAt).thenComparing(OrderCursor::replicaId);

    /**
     * Reads the text of a cursor.
     *
     * @throws InvalidValueException if the text is not a cursor
     */
    public static OrderCursor parse(String text) {
        int comma = text.indexOf(',');
        try {
            Instant orderedAt = Instant.parse(text.substring(0, Math.max(0, comma)));
            if (orderedAt.isBefore(START.orderedAt()) || orderedAt.isAfter(OpenOrder.WAITING)) {
                throw new InvalidValueException("orderedAt", orderedAt, "from " + START.orderedAt() + " to " + OpenOrder.WAITING);
            }
            return new OrderCursor(orderedAt, ReplicaId.parse(text.substring(comma + 1)));
        } catch (DateTimeParseException | InvalidValueException e) {
            throw new InvalidValueException("after", text, "the next of an earlier page");
        }
    }

    @Override
    public int compareTo(OrderCursor other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return orderedAt + "," + replicaId;
    }
}
