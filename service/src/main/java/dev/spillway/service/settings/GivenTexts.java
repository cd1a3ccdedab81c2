package dev.spillway.service.settings;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The texts that were given for settings, by source, strongest first. Collects what is wrong on the way. */
final class GivenTexts {

    static final String CONFIG = "config";
    static final String FILE_SUFFIX = "-file";

    private static final String PREFIX = "SPILLWAY_";
    private static final String COMMAND_LINE = "from the command line";

    /** A text with where it comes from. */
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

    /** The text from the strongest source that has one for the setting, a secret's file already read. */
    Optional<Given> strongest(Setting<?> setting) {
        for (var source : List.of(arguments, environment, file)) {
            var direct = source.get(setting.name());
            var inFile = setting.isSecret() ? source.get(setting.name() + FILE_SUFFIX) : null;
            if (direct != null && inFile != null) {
                problems.add(new SettingProblem(setting.name() + FILE_SUFFIX, inFile.text(), "either this or " + setting.name(),
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

    /** Whether a problem was already noted for a setting that has no text. */
    boolean isUnreadable(Setting<?> setting) {
        return unreadable.contains(setting);
    }

    private void readArguments(List<String> given) {
        for (int index = 0; index < given.size(); index++) {
            var argument = given.get(index);
            if (!argument.startsWith("--") || argument.length() == 2) {
                problems.add(new SettingProblem(argument, "not a setting", "--name VALUE or --name=VALUE", COMMAND_LINE));
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
            problems.add(unknown(name, known.keySet(), "--", COMMAND_LINE));
        } else if (text == null) {
            markUnreadable(name);
            problems.add(new SettingProblem(name, "no value", expected(name), COMMAND_LINE));
        } else if (arguments.putIfAbsent(name, new Given(text, COMMAND_LINE)) != null) {
            problems.add(new SettingProblem(name, "given twice", "once", COMMAND_LINE));
        }
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
                problems.add(unknown(variable.getKey(), names.keySet(), "", "from the environment"));
            }
        }
    }

    private void readFile(Given path) {
        var source = "from " + path.text();
        var properties = new Properties() {
            private static final long serialVersionUID = 1L;

            @Override
            public synchronized @Nullable Object put(Object key, Object value) {
                var earlier = super.put(key, value);
                if (earlier != null) {
                    problems.add(new SettingProblem(key.toString(), "given twice", "once", source));
                }
                return earlier;
            }
        };
        try (Reader reader = Files.newBufferedReader(Path.of(path.text()))) {
            properties.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            problems.add(
                    new SettingProblem(CONFIG, path.text(), "a properties file in UTF-8 that can be read: " + reason(e), path.source()));
            return;
        }
        for (var name : properties.stringPropertyNames().stream().sorted().toList()) {
            if (known.containsKey(name)) {
                file.put(name, new Given(properties.getProperty(name).strip(), source));
            } else {
                problems.add(unknown(name, known.keySet(), "", source));
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
                    new SettingProblem(setting.name() + FILE_SUFFIX, path.text(), "a file that can be read: " + reason(e), path.source()));
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

    private static String reason(Exception e) {
        return switch (e) {
            case NoSuchFileException missing -> "it does not exist";
            case MalformedInputException malformed -> "it is not UTF-8";
            default -> e.getClass().getSimpleName() + (e.getMessage() == null ? "" : " " + e.getMessage());
        };
    }

    /** The value of an unknown name is not shown: a mistyped name can carry a secret. */
    private static SettingProblem unknown(String name, Set<String> candidates, String dashes, String source) {
        var nearest = candidates.stream()
                .min(Comparator.comparingInt(candidate -> distance(name, candidate)))
                .filter(candidate -> distance(name, candidate) <= Math.max(2, candidate.length() / 3));
        return new SettingProblem(dashes + name, "unknown",
                nearest.map(candidate -> "perhaps " + dashes + candidate).orElse("a known setting, see --help"), source);
    }

    /** Edits (insert, delete, replace) between two names, as Levenshtein counts them. */
    private static int distance(String one, String other) {
        var left = one.toLowerCase(Locale.ROOT);
        var right = other.toLowerCase(Locale.ROOT);
        var row = new int[right.length() + 1];
        for (int column = 0; column <= right.length(); column++) {
            row[column] = column;
        }
        for (int line = 1; line <= left.length(); line++) {
            int diagonal = row[0];
            row[0] = line;
            for (int column = 1; column <= right.length(); column++) {
                int replaced = diagonal + (left.charAt(line - 1) == right.charAt(column - 1) ? 0 : 1);
                diagonal = row[column];
                row[column] = Math.min(replaced, Math.min(row[column], row[column - 1]) + 1);
            }
        }
        return row[right.length()];
    }
}
