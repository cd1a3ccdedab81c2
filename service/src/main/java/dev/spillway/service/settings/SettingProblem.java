package dev.spillway.service.settings;

/**
 * What is wrong with one setting.
 *
 * @param value what was given, hidden when it could be a secret
 * @param expected what would be right
 * @param source where the value, or its absence, comes from
 */
public record SettingProblem(String name, String value, String expected, String source) {

    @Override
    public String toString() {
        return "%s: %s (expected: %s), %s".formatted(name, value, expected, source);
    }
}
