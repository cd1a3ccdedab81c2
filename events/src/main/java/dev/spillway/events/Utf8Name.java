package dev.spillway.events;

/**
 * A name that is opaque text. Ordered by the unsigned bytes of UTF-8, as PostgreSQL orders it ({@code COLLATE "C"}), so that both sort rows alike.
 *
 * @param <T> the type itself
 */
interface Utf8Name<T extends Utf8Name<T>> extends Comparable<T> {
    String value();

    @Override
    default int compareTo(T other) {
        return TextBounds.compareUtf8(value(), other.value());
    }
}
