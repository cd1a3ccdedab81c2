package dev.spillway.worker.filesystem;

/** Shortens paths and names from outside for messages: a very long one is shown by its beginning, its end and its length. */
public final class ShownPath {
    private static final int SHOWN_WHOLE = 400;
    private static final int SHOWN_END = 150;

    private ShownPath() {}

    public static String of(String path) {
        return path.length() <= SHOWN_WHOLE ? path
                : of(path.substring(0, SHOWN_END), path.substring(path.length() - SHOWN_END), path.length());
    }

    /** Returns the shown form of a path of which only the beginning, the end and the length are at hand. */
    public static String of(String beginning, String end, long length) {
        return "%s ... (%d characters) ... %s".formatted(
                whole(beginning, 0, SHOWN_END),
                length,
                whole(end, end.length() - SHOWN_END, end.length()));
    }

    /** Returns a part of the text that neither begins nor ends within a character. */
    private static String whole(String text, int from, int to) {
        int start = Math.max(0, from);
        int end = Math.min(text.length(), to);
        if (start < end && Character.isLowSurrogate(text.charAt(start))) {
            start++;
        }
        if (start < end && Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(start, end);
    }
}
