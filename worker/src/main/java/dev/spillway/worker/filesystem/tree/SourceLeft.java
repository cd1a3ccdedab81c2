package dev.spillway.worker.filesystem.tree;

/**
 * The remains of a source after a move by copy.
 *
 * @param whole whether nothing of the source was deleted
 * @param path path, below the source, of the first entry that prevents the deletion; {@code .} for the source itself
 * @param why reason why that entry stays
 */
public record SourceLeft(boolean whole, String path, String why) {
    public static SourceLeft whole(String path, String why) {
        return new SourceLeft(true, path, why);
    }

    /** Returns a text for messages. */
    @Override
    public String toString() {
        return "%s stays: %s: %s".formatted(whole ? "all of it" : "a part", path, why);
    }
}
