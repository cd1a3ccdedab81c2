package dev.spillway.service.settings;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where settings are read from, besides the file that one of both names.
 *
 * @param variablesOfOthers variables that other programs of the same environment read; they are no mistake where this one does not know them
 */
public record Sources(List<String> arguments, Map<String, String> environment, Set<String> variablesOfOthers) {

    public Sources {
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
        variablesOfOthers = Set.copyOf(variablesOfOthers);
    }

    /** For a program that shares its environment with no other. */
    public Sources(List<String> arguments, Map<String, String> environment) {
        this(arguments, environment, Set.of());
    }

    /** The arguments given and the environment of this process, which it shares with others. */
    public static Sources ofProcess(List<String> arguments, Set<String> variablesOfOthers) {
        return new Sources(arguments, System.getenv(), variablesOfOthers);
    }

    /** Values by name of setting, as if given on the command line: for a service that runs inside another program. */
    public static Sources of(Map<String, String> values) {
        return new Sources(values.entrySet().stream().map(entry -> "--" + entry.getKey() + "=" + entry.getValue()).toList(), Map.of());
    }
}
