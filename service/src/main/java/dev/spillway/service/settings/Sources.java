package dev.spillway.service.settings;

import java.util.List;
import java.util.Map;

/** Where settings are read from, besides the file that one of both names. */
public record Sources(List<String> arguments, Map<String, String> environment) {

    public Sources {
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
    }

    /** The arguments given and the environment of this process. */
    public static Sources ofProcess(List<String> arguments) {
        return new Sources(arguments, System.getenv());
    }

    /** Values by name of setting, as if given on the command line: for a service that runs inside another program. */
    public static Sources of(Map<String, String> values) {
        return new Sources(values.entrySet().stream().map(entry -> "--" + entry.getKey() + "=" + entry.getValue()).toList(), Map.of());
    }
}
