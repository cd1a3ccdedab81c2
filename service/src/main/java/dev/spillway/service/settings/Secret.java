package dev.spillway.service.settings;

/** A value that is never printed: {@link #toString} hides it. */
public record Secret(String reveal) {

    static final String HIDDEN = "***";

    @Override
    public String toString() {
        return HIDDEN;
    }
}
