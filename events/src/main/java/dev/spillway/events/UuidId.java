package dev.spillway.events;

import java.util.UUID;

/**
 * An id that is a UUID. Ordered by its unsigned value, as PostgreSQL orders it, so that both sort rows alike.
 *
 * @param <T> the type itself
 */
interface UuidId<T extends UuidId<T>> extends Comparable<T> {
    UUID value();

    @Override
    default int compareTo(T other) {
        return Uuids.compareUnsigned(value(), other.value());
    }
}
