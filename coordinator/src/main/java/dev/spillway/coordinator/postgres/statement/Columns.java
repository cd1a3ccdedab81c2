package dev.spillway.coordinator.postgres.statement;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.events.codec.Json;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;

/**
 * Turns rows into columns, one array each, for statements that unnest them. So any number of rows takes one round trip. Also has the methods that all
 * row mappers share.
 *
 * <p>Statements of many rows unnest in the select list. In {@code FROM}, the server first materializes each array, which takes 25 % more time. Not
 * thread-safe.
 */
public final class Columns<R> {
    private static final ObjectMapper JSON = Json.tolerant();
    private static final String EMPTY_OBJECT = "{}";

    private final Collection<R> rows;
    private final Map<String, Argument> arrays = new LinkedHashMap<>();

    private Columns(Collection<R> rows) {
        this.rows = rows;
    }

    public static <R> Columns<R> of(Collection<R> rows) {
        return new Columns<>(rows);
    }

    public Columns<R> texts(String name, Function<? super R, ? extends @Nullable Object> value) {
        return column(name, "text", new @Nullable String[rows.size()], row -> {
            Object found = value.apply(row);
            return found == null ? null : found.toString();
        });
    }

    public Columns<R> uuids(String name, Function<? super R, @Nullable UUID> value) {
        return value(name, uuids(rows, value));
    }

    /** Returns an array of one column. */
    public static <R> Argument uuids(Collection<R> rows, Function<? super R, @Nullable UUID> value) {
        @Nullable
        UUID[] elements = filled(rows, new @Nullable UUID[rows.size()], value);
        return (position, statement, context) -> statement.setObject(position, BinaryArray.of(elements));
    }

    public Columns<R> longs(String name, ToLongFunction<? super R> value) {
        return column(name, "int8", new @Nullable Long[rows.size()], value::applyAsLong);
    }

    public Columns<R> nullableLongs(String name, Function<? super R, @Nullable Long> value) {
        return column(name, "int8", new @Nullable Long[rows.size()], value);
    }

    public Columns<R> ints(String name, ToIntFunction<? super R> value) {
        return column(name, "int4", new @Nullable Integer[rows.size()], value::applyAsInt);
    }

    public Columns<R> nullableInts(String name, Function<? super R, @Nullable Integer> value) {
        return column(name, "int4", new @Nullable Integer[rows.size()], value);
    }

    public Columns<R> doubles(String name, Function<? super R, @Nullable Double> value) {
        return column(name, "float8", new @Nullable Double[rows.size()], value);
    }

    public Columns<R> booleans(String name, Function<? super R, @Nullable Boolean> value) {
        return column(name, "bool", new @Nullable Boolean[rows.size()], value);
    }

    public Columns<R> times(String name, Function<? super R, @Nullable Instant> value) {
        @Nullable
        Instant[] elements = filled(rows, new @Nullable Instant[rows.size()], value);
        return value(name, (position, statement, context) -> statement.setObject(position, BinaryArray.of(elements)));
    }

    private <E> Columns<R> column(String name, String type, @Nullable E[] elements, Function<? super R, @Nullable E> value) {
        return value(name, array(type, filled(rows, elements, value)));
    }

    private static <R, E> @Nullable E[] filled(
            Collection<R> rows,
            @Nullable E[] elements,
            Function<? super R, ? extends @Nullable E> value) {
        int index = 0;
        for (R row : rows) {
            elements[index++] = value.apply(row);
        }
        return elements;
    }

    private static Argument array(String type, @Nullable Object[] elements) {
        return (position, statement, context) -> statement.setArray(position, statement.getConnection().createArrayOf(type, elements));
    }

    /** Adds the statement, unless there are no rows. */
    public void addTo(Script script, String sql) {
        if (!rows.isEmpty()) {
            script.add(sql, arrays);
        }
    }

    /** Adds the statement, unless there are no rows. Without rows the result is empty. */
    public <T> Script.Found<T> addTo(Script script, String sql, RowMapper<T> mapper) {
        return rows.isEmpty() ? Script.nothing(mapper) : script.add(sql, arrays, mapper);
    }

    /** Adds one value beside the columns. */
    public Columns<R> value(String name, Argument value) {
        arrays.put(name, value);
        return this;
    }

    public static Argument number(int value) {
        return (position, statement, context) -> statement.setInt(position, value);
    }

    public static Argument number(long value) {
        return (position, statement, context) -> statement.setLong(position, value);
    }

    public static Argument time(Instant value) {
        return (position, statement, context) -> statement.setObject(position, value.atOffset(ZoneOffset.UTC));
    }

    public <S extends SqlStatement<S>> S bindTo(S statement) {
        arrays.forEach(statement::bind);
        return statement;
    }

    public static Instant instant(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    public static @Nullable Instant nullableInstant(ResultSet row, String column) throws SQLException {
        @Nullable
        OffsetDateTime found = row.getObject(column, OffsetDateTime.class);
        return found == null ? null : found.toInstant();
    }

    public static @Nullable Long nullableLong(ResultSet row, String column) throws SQLException {
        long found = row.getLong(column);
        return row.wasNull() ? null : found;
    }

    public static @Nullable Duration nullableMillis(ResultSet row, String column) throws SQLException {
        @Nullable
        Long found = nullableLong(row, column);
        return found == null ? null : Duration.ofMillis(found);
    }

    public static @Nullable UUID nullableUuid(ResultSet row, String column) throws SQLException {
        return row.getObject(column, UUID.class);
    }

    public static UUID uuid(ResultSet row, String column) throws SQLException {
        return row.getObject(column, UUID.class);
    }

    public static SortedMap<String, String> labels(ResultSet row, String column) throws SQLException {
        String text = row.getString(column);
        if (text.equals(EMPTY_OBJECT)) {
            return Collections.emptySortedMap();
        }
        SortedMap<String, String> labels = new TreeMap<>();
        try {
            JSON.readTree(text).properties().forEach(label -> labels.put(label.getKey(), label.getValue().textValue()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored labels: " + text + " (expected: a JSON object of strings)", e);
        }
        return labels;
    }

    public static String json(Map<String, String> labels) {
        if (labels.isEmpty()) {
            return EMPTY_OBJECT;
        }
        try {
            return JSON.writeValueAsString(labels);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("labels: " + labels + " (expected: what can be written as JSON)", e);
        }
    }
}
