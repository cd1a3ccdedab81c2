package dev.spillway.service.settings;

/**
 * The description of a setting for people.
 *
 * @param expected form of valid values
 * @param whenNotGiven {@code required}, {@code optional}, or the default
 * @param isFlag whether its name alone means true on the command line
 * @param isSecret whether it is never printed and can also be given as the path of a file
 */
public record SettingDescription(String name, String meaning, String expected, String whenNotGiven, boolean isFlag, boolean isSecret) {

    static <T> SettingDescription of(Setting<T> setting) {
        return new SettingDescription(
                setting.name(),
                setting.description(),
                setting.expected(),
                whenNotGiven(setting),
                setting.isFlag(),
                setting.isSecret());
    }

    private static <T> String whenNotGiven(Setting<T> setting) {
        T fallback = setting.fallback();
        if (fallback == null) {
            return "required";
        }
        var text = setting.print(fallback);
        return setting.isOptional() ? "optional" : "default: " + (text.isEmpty() ? "none" : text);
    }
}
