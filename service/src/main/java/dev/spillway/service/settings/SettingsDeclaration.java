package dev.spillway.service.settings;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All settings of one service. A setting is taken from the first source that has it, in this order: the command line ({@code --database-url X},
 * {@code --database-url=X}), the environment ({@code SPILLWAY_DATABASE_URL}), a properties file (UTF-8, one setting on each line;
 * {@code --config FILE} or {@code SPILLWAY_CONFIG}), its default.
 */
public final class SettingsDeclaration {

    private static final int HELP_WIDTH = 100;

    private final String service;
    private final List<Setting<?>> settings;
    private final List<CrossCheck> checks;

    /**
     * @param service name of the service, such as {@code coordinator}, which begins each message
     * @throws IllegalArgumentException if two settings have the same name
     */
    public SettingsDeclaration(String service, List<Setting<?>> settings, List<CrossCheck> checks) {
        this.service = service;
        this.settings = List.copyOf(settings);
        this.checks = List.copyOf(checks);
        var names = new HashSet<>(List.of(GivenTexts.CONFIG));
        for (var setting : settings) {
            if (!names.add(setting.name()) || (setting.isSecret() && !names.add(setting.name() + GivenTexts.FILE_SUFFIX))) {
                throw new IllegalArgumentException("setting: " + setting.name() + " (expected: a name of its own)");
            }
        }
    }

    /** Returns the name that begins each message. */
    public String service() {
        return service;
    }

    /**
     * Reads and checks all settings.
     *
     * @throws SettingsException with all problems: unknown names, invalid values, missing values, and conditions that do not hold
     */
    public Settings read(Sources sources) throws SettingsException {
        var problems = new ArrayList<SettingProblem>();
        var texts = new GivenTexts(spellings(), problems);
        texts.readAll(sources);
        Map<Setting<?>, Settings.Value> values = new LinkedHashMap<>();
        for (var setting : settings) {
            value(setting, texts, problems).ifPresent(value -> values.put(setting, value));
        }
        var read = new Settings(settings, values);
        checks.forEach(check -> check.problem(read).ifPresent(problems::add));
        if (!problems.isEmpty()) {
            throw new SettingsException(service, problems);
        }
        return read;
    }

    /** Returns all environment variables that the service reads, for other programs in the same environment. */
    public Set<String> variables() {
        return Stream.concat(spellings().keySet().stream(), Stream.of(GivenTexts.CONFIG))
                .map(Setting::variable)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Returns descriptions of all settings in the order of declaration. */
    public List<SettingDescription> descriptions() {
        return settings.stream().map(SettingDescription::of).toList();
    }

    /** Returns the help text: each setting with its meaning, the form of its values and its default. */
    public String help() {
        var text = new StringBuilder();
        for (var setting : descriptions()) {
            text.append("  --%s%s%n".formatted(setting.name(), setting.isFlag() ? "" : " VALUE"));
            wrapped(setting.meaning(), text);
            wrapped("expected: " + setting.expected(), text);
            wrapped(setting.whenNotGiven(), text);
            if (setting.isSecret()) {
                text.append("      also --%s-file FILE%n".formatted(setting.name()));
            }
        }
        text.append("  --config FILE%n      a properties file with any of these names, one on each line%n".formatted());
        text.append("%nEach can also be given in the environment: --example-name as SPILLWAY_EXAMPLE_NAME.%n".formatted())
                .append("The command line wins over the environment, that over the file.%n".formatted());
        return text.toString();
    }

    /** Appends words in lines that fit a terminal, indented under their setting. */
    private static void wrapped(String words, StringBuilder help) {
        var line = new StringBuilder();
        for (var word : words.split(" ", -1)) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > HELP_WIDTH) {
                help.append("      %s%n".formatted(line));
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        help.append("      %s%n".formatted(line));
    }

    /** Returns all names that may be given, with their settings. A secret has a second name for its file. */
    private Map<String, Setting<?>> spellings() {
        Map<String, Setting<?>> spellings = new LinkedHashMap<>();
        for (var setting : settings) {
            spellings.put(setting.name(), setting);
            if (setting.isSecret()) {
                spellings.put(setting.name() + GivenTexts.FILE_SUFFIX, setting);
            }
        }
        return spellings;
    }

    private static <T> Optional<Settings.Value> value(Setting<T> setting, GivenTexts texts, List<SettingProblem> problems) {
        var given = texts.strongest(setting);
        if (given.isEmpty()) {
            T fallback = setting.fallback();
            if (fallback == null && !texts.isUnreadable(setting)) {
                problems.add(
                        new SettingProblem(
                                setting.name(),
                                "missing",
                                setting.expected(),
                                "give --%s or %s".formatted(setting.name(), setting.variable())));
            }
            return Optional.ofNullable(fallback).map(value -> new Settings.Value(value, Settings.DEFAULT));
        }
        var text = given.get();
        var value = setting.parse(text.text());
        if (value.isEmpty()) {
            problems.add(
                    new SettingProblem(
                            setting.name(),
                            setting.hidden(text.text().isEmpty() ? "\"\"" : text.text()),
                            setting.expected(),
                            text.source()));
        }
        var trouble = value.flatMap(setting::trouble);
        if (trouble.isPresent()) {
            problems.add(
                    new SettingProblem(
                            setting.name(),
                            setting.hidden(text.text()) + ": " + trouble.get(),
                            setting.expected(),
                            text.source()));
            return Optional.empty();
        }
        return value.map(parsed -> new Settings.Value(parsed, text.source()));
    }
}
