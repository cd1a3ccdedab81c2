package dev.spillway.service.settings;

import java.util.List;
import java.util.Map;

/** The settings of a service after they were read and checked: typed and complete. Immutable. */
public final class Settings {

    /** Source of a value that was not given. */
    static final String DEFAULT = "default";

    record Value(Object value, String source) {}

    private final List<Setting<?>> declared;
    private final Map<Setting<?>, Value> values;

    Settings(List<Setting<?>> declared, Map<Setting<?>, Value> values) {
        this.declared = List.copyOf(declared);
        this.values = Map.copyOf(values);
    }

    /**
     * Returns the value of a setting.
     *
     * @throws IllegalArgumentException if the setting was not declared
     */
    @SuppressWarnings("unchecked")
    public <T> T get(Setting<T> setting) {
        return (T) find(setting).value();
    }

    /** Returns whether the value was given and is not the default. */
    public boolean isGiven(Setting<?> setting) {
        return !source(setting).equals(DEFAULT);
    }

    boolean has(Setting<?> setting) {
        return values.containsKey(setting);
    }

    /** Returns the source of the value, such as {@code from SPILLWAY_LISTEN}. */
    String source(Setting<?> setting) {
        return find(setting).source();
    }

    <T> String printed(Setting<T> setting) {
        var text = setting.print(get(setting));
        return text.isEmpty() ? "-" : text;
    }

    /**
     * Returns one line per setting with its value ({@code -} if there is none) and its source, in the order of declaration, with secrets hidden.
     */
    public String print() {
        int width = declared.stream().mapToInt(setting -> setting.name().length()).max().orElse(0);
        var text = new StringBuilder();
        declared.forEach(
                setting -> text
                        .append(
                                ("%-" + Math.max(1, width) + "s = %s  (%s)%n")
                                        .formatted(setting.name(), printed(setting), source(setting))));
        return text.toString();
    }

    /** Returns the same as {@link #print}. */
    @Override
    public String toString() {
        return print();
    }

    private Value find(Setting<?> setting) {
        var value = values.get(setting);
        if (value == null) {
            throw new IllegalArgumentException("setting: " + setting.name() + " (expected: one that the service declares)");
        }
        return value;
    }
}
