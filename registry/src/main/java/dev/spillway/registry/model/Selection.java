package dev.spillway.registry.model;

/** A number of entries and their bytes. */
public record Selection(long entries, long bytes) {
    public static final Selection NONE = new Selection(0, 0);

    Selection grown(int sign, long moreBytes) {
        return new Selection(entries + sign, bytes + sign * moreBytes);
    }

    public Selection without(Selection other) {
        return new Selection(entries - other.entries, bytes - other.bytes);
    }
}
