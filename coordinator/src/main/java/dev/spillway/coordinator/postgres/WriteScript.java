package dev.spillway.coordinator.postgres;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.argument.Argument;

/**
 * Statements that write, gathered and sent to the server together: one round trip, carried out in the order in which they were added, each with a
 * snapshot of its own. The first that fails ends the script with its error. Not thread-safe, run once.
 */
final class WriteScript {
    private static final Pattern PARAMETER = Pattern.compile("(?<!:):([a-zA-Z]+)");
    /** The same few statements come in the same few places, so each is rewritten once. */
    private static final ConcurrentMap<Placed, String> REWRITTEN = new ConcurrentHashMap<>();

    private record Placed(String sql, int place) {}

    private record Step(String sql, int place, Map<String, Argument> parameters) {}

    private final List<Step> steps = new ArrayList<>();

    /** @param parameters by the names that {@code sql} gives them; other statements may use the same names */
    void add(String sql, Map<String, Argument> parameters) {
        int place = steps.size();
        steps.add(new Step(REWRITTEN.computeIfAbsent(new Placed(sql, place), WriteScript::rewritten), place, parameters));
    }

    private static String rewritten(Placed statement) {
        return PARAMETER.matcher(statement.sql()).replaceAll(":$1" + suffix(statement.place()));
    }

    private static String suffix(int place) {
        return "_" + place;
    }

    void run(Handle handle) {
        if (steps.isEmpty()) {
            return;
        }
        try (var script = handle.createUpdate(String.join(";\n", steps.stream().map(Step::sql).toList()))) {
            for (Step step : steps) {
                step.parameters().forEach((name, value) -> script.bind(name + suffix(step.place()), value));
            }
            script.execute();
        }
    }
}
