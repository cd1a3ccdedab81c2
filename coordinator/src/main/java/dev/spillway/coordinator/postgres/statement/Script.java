package dev.spillway.coordinator.postgres.statement;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;
import org.jspecify.annotations.Nullable;

/**
 * Statements that are sent to the server together: one round trip, executed in order, each with a snapshot of its own. The first that fails ends the
 * script with its error. Not thread-safe, run once.
 */
public final class Script {
    private static final Pattern PARAMETER = Pattern.compile("(?<!:):([a-zA-Z]+)");
    /** Cache of rewritten statements, because the same few statements occur at the same few positions. */
    private static final ConcurrentMap<Placed, String> REWRITTEN = new ConcurrentHashMap<>();

    private record Placed(String sql, int place) {}

    private record Step(String sql, int place, Map<String, Argument> parameters, @Nullable Found<?> found) {}

    /** The rows returned by one statement, once its script has run. */
    public static final class Found<T> {
        private final RowMapper<T> mapper;
        private final List<T> rows = new ArrayList<>();

        private Found(RowMapper<T> mapper) {
            this.mapper = mapper;
        }

        public List<T> rows() {
            return rows;
        }

        private void take(ResultSet result, StatementContext context) throws SQLException {
            while (result.next()) {
                rows.add(mapper.map(result, context));
            }
        }
    }

    /** Returns the empty result of a statement that is not needed. */
    static <T> Found<T> nothing(RowMapper<T> mapper) {
        return new Found<>(mapper);
    }

    /** Runs the added statements in a round trip of their own, and returns the result. */
    public static <T> T run(Handle handle, Function<Script, Supplier<T>> adding) {
        Script script = new Script();
        Supplier<T> found = adding.apply(script);
        script.run(handle);
        return found.get();
    }

    private final List<Step> steps = new ArrayList<>();

    /**
     * Adds a statement that returns nothing.
     *
     * @param parameters parameters by the names in {@code sql}; other statements may use the same names
     */
    public void add(String sql, Map<String, Argument> parameters) {
        add(sql, parameters, (Found<?>) null);
    }

    /** Does the same as {@link #add(String, Map)} for a statement that returns rows. */
    public <T> Found<T> add(String sql, Map<String, Argument> parameters, RowMapper<T> mapper) {
        Found<T> found = new Found<>(mapper);
        add(sql, parameters, found);
        return found;
    }

    private void add(String sql, Map<String, Argument> parameters, @Nullable Found<?> found) {
        int place = steps.size();
        steps.add(new Step(REWRITTEN.computeIfAbsent(new Placed(sql, place), Script::rewritten), place, parameters, found));
    }

    private static String rewritten(Placed statement) {
        return PARAMETER.matcher(statement.sql()).replaceAll(":$1" + suffix(statement.place()));
    }

    private static String suffix(int place) {
        return "_" + place;
    }

    public void run(Handle handle) {
        if (steps.isEmpty()) {
            return;
        }
        try (var script = handle.createQuery(String.join(";\n", steps.stream().map(Step::sql).toList()))) {
            for (Step step : steps) {
                step.parameters().forEach((name, value) -> script.bind(name + suffix(step.place()), value));
            }
            script.execute((executed, context) -> {
                takeResults(executed.get(), context);
                return steps.size();
            });
        }
    }

    /** Reads the results. Each statement has one: rows, or the number of rows that it changed. */
    private void takeResults(PreparedStatement executed, StatementContext context) throws SQLException {
        for (Step step : steps) {
            if (step.found() != null) {
                try (ResultSet result = executed.getResultSet()) {
                    step.found().take(result, context);
                }
            }
            executed.getMoreResults();
        }
    }
}
