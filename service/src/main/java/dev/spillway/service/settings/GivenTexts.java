package dev.spillway.service.settings;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.jspecify.annotations.Nullable;

/** The texts that were given for settings, by source in the order of precedence. Collects problems while it reads them. */
final class GivenTexts {

    static final String CONFIG = "config";
    static final String FILE_SUFFIX = "-file";

    private static final String PREFIX = "SPILLWAY_";
    private static final String COMMAND_LINE = "from the command line";
    /**
     * The part of an argument from the first character that no name has. It may contain a secret, as in {@code --registry-token:TEXT}, or the text of
     * a token's file.
     */
    private static final Pattern NO_NAME = Pattern.compile("[^a-z0-9-].*", Pattern.DOTALL);

    /** A text with its source. */
    record Given(String text, String source) {}

    private final Map<String, Setting<?>> known;
    private final List<SettingProblem> problems;
    private final Map<String, Given> arguments = new LinkedHashMap<>();
    private final Map<String, Given> environment = new TreeMap<>();
    private final Map<String, Given> file = new LinkedHashMap<>();
    private final Set<Setting<?>> unreadable = new HashSet<>();

    GivenTexts(Map<String, Setting<?>> known, List<SettingProblem> problems) {
        this.known = known;
        this.problems = problems;
    }

    void readAll(Sources sources) {
        readArguments(sources.arguments());
        readEnvironment(sources.environment(), sources.variablesOfOthers());
        var named = arguments.get(CONFIG);
        var variable = Setting.variable(CONFIG);
        var path = sources.environment().get(variable);
        if (named != null) {
            readFile(named);
        } else if (path != null) {
            readFile(new Given(path, "from " + variable));
        }
    }

    /** Returns the text of the setting from the source with the highest precedence, with a secret's file already read. */
    Optional<Given> strongest(Setting<?> setting) {
        for (var source : List.of(arguments, environment, file)) {
            var direct = source.get(setting.name());
            var inFile = setting.isSecret() ? source.get(setting.name() + FILE_SUFFIX) : null;
            if (direct != null && inFile != null) {
                problems.add(
                        new SettingProblem(
                                setting.name() + FILE_SUFFIX,
                                inFile.text(),
                                "either this or " + setting.name(),
                                inFile.source()));
                return Optional.of(direct);
            }
            if (direct != null) {
                return Optional.of(direct);
            }
            if (inFile != null) {
                return secret(setting, inFile);
            }
        }
        return Optional.empty();
    }

    /** Returns whether a problem was already recorded for a setting without a text. */
    boolean isUnreadable(Setting<?> setting) {
        return unreadable.contains(setting);
    }

    private void readArguments(List<String> given) {
        for (int index = 0; index < given.size(); index++) {
            var argument = given.get(index);
            if (!argument.startsWith("--") || argument.length() == 2) {
                // The text is not shown, because it can be a secret after a mistyped name.
                problems.add(new SettingProblem("argument " + (index + 1), "not a setting", "--name VALUE or --name=VALUE", COMMAND_LINE));
                continue;
            }
            int equals = argument.indexOf('=');
            var name = argument.substring(2, equals < 0 ? argument.length() : equals);
            var setting = known.get(name);
            var next = index + 1 < given.size() ? given.get(index + 1) : null;
            @Nullable
            String text;
            if (equals >= 0) {
                text = argument.substring(equals + 1);
            } else if (setting != null && setting.isFlag()) {
                text = next != null && (next.equals("true") || next.equals("false")) ? given.get(++index) : "true";
            } else if (next != null && !next.startsWith("--")) {
                text = next;
                index++;
            } else {
                text = null;
            }
            note(name, text);
        }
    }

    private void note(String name, @Nullable String text) {
        if (!known.containsKey(name) && !name.equals(CONFIG)) {
            problems.add(new SettingProblem("--" + shown(name), "unknown", expected(nearest(name).map("--"::concat)), COMMAND_LINE));
        } else if (text == null) {
            markUnreadable(name);
            problems.add(new SettingProblem(name, "no value", expected(name), COMMAND_LINE));
        } else if (arguments.putIfAbsent(name, new Given(text, COMMAND_LINE)) != null) {
            problems.add(new SettingProblem(name, "given twice", "once", COMMAND_LINE));
        }
    }

    private static String shown(String name) {
        return NO_NAME.matcher(name).replaceFirst("...");
    }

    private void readEnvironment(Map<String, String> variables, Set<String> ofOthers) {
        Map<String, String> names = new LinkedHashMap<>();
        known.keySet().forEach(name -> names.put(Setting.variable(name), name));
        for (var variable : new TreeMap<>(variables).entrySet()) {
            var name = names.get(variable.getKey());
            if (name != null) {
                environment.put(name, new Given(variable.getValue(), "from " + variable.getKey()));
            } else if (variable.getKey().startsWith(PREFIX) && !variable.getKey().equals(Setting.variable(CONFIG))
                    && !ofOthers.contains(variable.getKey())) {
                var like = nearest(variable.getKey().substring(PREFIX.length()).toLowerCase(Locale.ROOT).replace('_', '-'));
                problems.add(
                        new SettingProblem(variable.getKey(), "unknown", expected(like.map(Setting::variable)), "from the environment"));
            }
        }
    }

    /** Reads line by line, because the JDK's reader of properties does not tell the line of a setting. */
    private void readFile(Given path) {
        List<String> lines;
        try {
            lines = Files.readAllLines(Path.of(path.text()));
        } catch (IOException | InvalidPathException e) {
            problems.add(
                    new SettingProblem(
                            CONFIG,
                            path.text(),
                            "a properties file in UTF-8 that can be read: " + Setting.reason(e),
                            path.source()));
            return;
        }
        for (int number = 1; number <= lines.size(); number++) {
            readLine(lines.get(number - 1), "from %s:%d".formatted(path.text(), number));
        }
    }

    private void readLine(String line, String source) {
        var properties = new Properties();
        try {
            properties.load(new StringReader(line));
        } catch (IOException | IllegalArgumentException e) {
            problems.add(new SettingProblem("line", "not a setting", "NAME=VALUE, with four hexadecimal digits after \\u", source));
        }
        for (var name : properties.stringPropertyNames()) {
            if (!known.containsKey(name)) {
                problems.add(new SettingProblem(shown(name), "unknown", expected(nearest(name)), source));
            } else if (file.putIfAbsent(name, new Given(properties.getProperty(name).strip(), source)) != null) {
                problems.add(new SettingProblem(name, "given twice", "once", source));
            }
        }
    }

    private Optional<Given> secret(Setting<?> setting, Given path) {
        try {
            var text = Files.readString(Path.of(path.text())).replaceFirst("[\\r\\n]+$", "");
            return Optional.of(new Given(text, "from " + path.text()));
        } catch (IOException | InvalidPathException e) {
            unreadable.add(setting);
            problems.add(
                    new SettingProblem(
                            setting.name() + FILE_SUFFIX,
                            path.text(),
                            "a file that can be read: " + Setting.reason(e),
                            path.source()));
            return Optional.empty();
        }
    }

    private void markUnreadable(String name) {
        var setting = known.get(name);
        if (setting != null) {
            unreadable.add(setting);
        }
    }

    private String expected(String name) {
        var setting = known.get(name);
        return setting == null || !setting.name().equals(name) ? "a path" : setting.expected();
    }

    private static String expected(Optional<String> nearest) {
        return nearest.map(name -> "perhaps " + name).orElse("a known setting, see --help");
    }

    /** Returns the known name that is most similar to another name, if it is similar enough. */
    private Optional<String> nearest(String name) {
        var distances = new LinkedHashMap<String, Integer>();
        Stream.concat(known.keySet().stream(), Stream.of(CONFIG))
                .forEach(candidate -> distances.put(candidate, LevenshteinDistance.getDefaultInstance().apply(name, candidate)));
        return distances.entrySet()
                .stream()
                .filter(candidate -> candidate.getValue() <= Math.max(2, candidate.getKey().length() / 3))
                .min(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey);
    }
}
