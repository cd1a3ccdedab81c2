package dev.spillway.service.settings;

/**
 * A problem with one setting.
 *
 * @param value given value, hidden if it may be a secret
 * @param expected form of valid values
 * @param source source of the value, or of its absence
 */
public record SettingProblem(String name, String value, String expected, String source) {

    @Override
    public String toString() {
        return "%s: %s (expected: %s), %s".formatted(name, value, expected, source);
    }
}
