package dev.spillway.service.settings;

import java.io.Serial;
import java.util.List;
import java.util.stream.Collectors;

/** Thrown with all problems of a service's settings; the message has one line per problem. */
public final class SettingsException extends Exception {

    @Serial
    private static final long serialVersionUID = 1L;

    private final transient List<SettingProblem> problems;

    SettingsException(String service, List<SettingProblem> problems) {
        super(problems.stream().map(problem -> service + ": " + problem).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    public List<SettingProblem> problems() {
        return problems;
    }
}
