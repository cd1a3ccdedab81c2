package dev.spillway.registry.model;

import dev.spillway.events.Description;

/** The time that rebuilding an image takes, as a label of its entry states it. */
public final class RebuildCost {
    /** The cost of an entry whose label is missing or is not a number above 0. */
    public static final double DEFAULT_SECONDS = 1;

    private static final double SECONDS_MAX = 1e9;

    private RebuildCost() {}

    /** Returns the seconds, above 0 and at most 1,000,000,000. */
    public static double of(Description description) {
        String text = description.labels().get(Description.REBUILD_SECONDS);
        double seconds = text == null ? DEFAULT_SECONDS : parsed(text);
        return seconds > 0 && Double.isFinite(seconds) ? Math.min(seconds, SECONDS_MAX) : DEFAULT_SECONDS;
    }

    private static double parsed(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return DEFAULT_SECONDS;
        }
    }
}
