package dev.spillway.service.logging;

import dev.spillway.api.body.Loggers;
import dev.spillway.service.settings.Setting;
import dev.spillway.service.settings.Settings;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.service.settings.SettingsException;
import dev.spillway.service.settings.Sources;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Settings of a service's log.
 *
 * @param level level of Spillway's own loggers at the start
 */
public record LogSettings(LogFormat format, Loggers.Level level) {
    public static final LogSettings DEFAULT = new LogSettings(LogFormat.TEXT, Loggers.Level.INFO);

    private static final Setting<LogFormat> FORMAT =
            Setting.oneOf(LogFormat.class, "log-format", "Format of the log, which goes to standard error").defaultTo(DEFAULT.format);
    private static final Setting<Loggers.Level> LEVEL = Setting
            .oneOf(Loggers.Level.class, "log-level", "Level of Spillway's own log lines at the start; spillway log-level changes it later")
            .defaultTo(DEFAULT.level);

    /** Settings that {@link #from} reads, for the declaration of a service. */
    public static final List<Setting<?>> SETTINGS = List.of(FORMAT, LEVEL);

    public static LogSettings from(Settings settings) {
        return new LogSettings(settings.get(FORMAT), settings.get(LEVEL));
    }

    /**
     * Reads the log settings from the environment, for a program without other settings. Other variables are ignored.
     *
     * @throws SettingsException with all problems
     */
    public static LogSettings of(Map<String, String> environment) throws SettingsException {
        Map<String, String> own = new HashMap<>(environment);
        own.keySet().removeIf(name -> !name.startsWith("SPILLWAY_LOG_"));
        return from(new SettingsDeclaration("log", SETTINGS, List.of()).read(new Sources(List.of(), own)));
    }
}
