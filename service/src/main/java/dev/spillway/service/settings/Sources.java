package dev.spillway.service.settings;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The sources of settings. One of them may name a further one, a file.
 *
 * @param variablesOfOthers variables that other programs in the same environment read, and which are therefore not reported as unknown
 */
public record Sources(List<String> arguments, Map<String, String> environment, Set<String> variablesOfOthers) {

    public Sources {
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
        variablesOfOthers = Set.copyOf(variablesOfOthers);
    }

    /** Creates the sources of a program that does not share its environment. */
    public Sources(List<String> arguments, Map<String, String> environment) {
        this(arguments, environment, Set.of());
    }

    /** Returns the given arguments and the environment of this process, which it shares with other programs. */
    public static Sources ofProcess(List<String> arguments, Set<String> variablesOfOthers) {
        return new Sources(arguments, System.getenv(), variablesOfOthers);
    }

    /** Returns sources with values by name of setting, as if given on the command line, for a service inside another program. */
    public static Sources of(Map<String, String> values) {
        return new Sources(values.entrySet().stream().map(entry -> "--" + entry.getKey() + "=" + entry.getValue()).toList(), Map.of());
    }
}
