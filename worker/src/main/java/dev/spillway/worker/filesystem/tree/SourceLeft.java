package dev.spillway.worker.filesystem.tree;

/**
 * The part of a source left behind by a move whose copy is an image.
 *
 * @param whole whether nothing of it was deleted
 * @param path the first thing that keeps it there, below the source; {@code .} for the source itself
 * @param why reason why it stays, or why nothing was deleted
 */
public record SourceLeft(boolean whole, String path, String why) {
    public static SourceLeft whole(String path, String why) {
        return new SourceLeft(true, path, why);
    }

    /** Returns a text for people. */
    @Override
    public String toString() {
        return "%s stays: %s: %s".formatted(whole ? "all of it" : "a part", path, why);
    }
}
