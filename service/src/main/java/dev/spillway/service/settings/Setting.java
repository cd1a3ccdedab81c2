package dev.spillway.service.settings;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The declaration of one setting, which is also the key under which its value is found: {@code settings.get(HEARTBEAT)}. Required unless it
 * is given a default or made optional. Immutable; compared by identity.
 */
public final class Setting<T> {

    private static final Pattern CREDENTIALS = Pattern.compile("(?i)((?:password|secret|token)=)[^&\\s]*|(://[^/@:\\s]*:)[^/@\\s]*(?=@)");
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*");

    /** Checks the thing that a value names, such as a file. */
    @FunctionalInterface
    public interface Look<T> {
        /** @throws IOException with the reason why it cannot be used */
        void at(T value) throws IOException;
    }

    /** A condition on a value beyond its type. */
    private record Constraint<T>(String expected, Predicate<T> holds) {}

    private final String name;
    private final String description;
    private final SettingType<T> type;
    private final List<Constraint<T>> constraints;
    private final List<Look<T>> looks;
    private final @Nullable T fallback;

    private Setting(
            String name,
            String description,
            SettingType<T> type,
            List<Constraint<T>> constraints,
            List<Look<T>> looks,
            @Nullable T fallback) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("setting: " + name + " (expected: kebab-case such as database-url)");
        }
        this.name = name;
        this.description = description;
        this.type = type;
        this.constraints = constraints;
        this.looks = looks;
        this.fallback = fallback;
    }

    private static <T> Setting<T> of(String name, String description, SettingType<T> type) {
        return new Setting<>(name, description, type, List.of(), List.of(), null);
    }

    public static Setting<String> text(String name, String description) {
        return of(name, description, SettingType.TEXT);
    }

    public static Setting<Integer> integer(String name, String description) {
        return of(name, description, SettingType.INTEGER);
    }

    public static Setting<Long> longInteger(String name, String description) {
        return of(name, description, SettingType.LONG);
    }

    /** Creates a flag; on the command line {@code --name} alone means true. */
    public static Setting<Boolean> flag(String name, String description) {
        return of(name, description, SettingType.BOOLEAN);
    }

    public static Setting<Integer> port(String name, String description) {
        return of(name, description, SettingType.PORT);
    }

    public static Setting<Duration> duration(String name, String description) {
        return of(name, description, SettingType.DURATION);
    }

    /** Creates a setting of a size in bytes. */
    public static Setting<Long> bytes(String name, String description) {
        return of(name, description, SettingType.BYTES);
    }

    public static Setting<Path> path(String name, String description) {
        return of(name, description, SettingType.PATH);
    }

    public static Setting<HostPort> address(String name, String description) {
        return of(name, description, SettingType.ADDRESS);
    }

    public static Setting<List<HostPort>> addresses(String name, String description) {
        return of(name, description, SettingType.ADDRESS.list());
    }

    public static Setting<List<String>> texts(String name, String description) {
        return of(name, description, SettingType.TEXT.list());
    }

    public static Setting<List<Path>> paths(String name, String description) {
        return of(name, description, SettingType.PATH.list());
    }

    /** Creates a setting with a constant of an enum as its value. It is printed in lower case with dashes for underscores, and read in any case. */
    public static <E extends Enum<E>> Setting<E> oneOf(Class<E> type, String name, String description) {
        return of(name, description, SettingType.oneOf(type));
    }

    /**
     * Creates a secret setting, which is never printed. It can also be read from a file whose path is given as {@code NAME-file}; line ends at the
     * end of the file are removed.
     */
    public static Setting<Secret> secret(String name, String description) {
        return of(name, description, SettingType.SECRET);
    }

    /** Creates a setting of the service's own type. {@code parse} throws {@link IllegalArgumentException} for an invalid text. */
    public static <T> Setting<T> custom(String name, String description, String expected, Function<String, T> parse) {
        return of(name, description, new SettingType<>(expected, parse));
    }

    /** Returns the same setting with a default, so that it is not required. */
    public Setting<T> defaultTo(T value) {
        return new Setting<>(name, description, type, constraints, looks, value);
    }

    /** Returns the same setting, empty if it is not given. */
    public Setting<Optional<T>> optional() {
        var checks = new ArrayList<Constraint<Optional<T>>>();
        for (var constraint : constraints) {
            checks.add(new Constraint<>(constraint.expected(), value -> value.isEmpty() || constraint.holds().test(value.get())));
        }
        var looksIfGiven = looks.stream().<Look<Optional<T>>>map(look -> value -> {
            if (value.isPresent()) {
                look.at(value.get());
            }
        }).toList();
        return new Setting<>(name, description, type.optional(), checks, looksIfGiven, Optional.empty());
    }

    /**
     * Returns the same setting with a condition on its value.
     *
     * @param expectation continues "expected:", such as {@code 1 or more}
     */
    public Setting<T> must(String expectation, Predicate<T> holds) {
        var more = new ArrayList<>(constraints);
        more.add(new Constraint<>(expectation, holds));
        return new Setting<>(name, description, type, more, looks, fallback);
    }

    /**
     * Returns the same setting with a check of what the value names. The check runs when settings are read, so its fault is listed with all others.
     *
     * @param expectation continues "expected:", such as {@code a PEM file}
     */
    public Setting<T> readable(String expectation, Look<T> look) {
        var more = new ArrayList<>(looks);
        more.add(look);
        var known = must(expectation, value -> true);
        return new Setting<>(name, description, type, known.constraints, more, fallback);
    }

    /** Returns the fault of the thing that a valid value names; empty if there is none. */
    Optional<String> trouble(T value) {
        for (var look : looks) {
            try {
                look.at(value);
            } catch (IOException e) {
                return Optional.of(reason(e));
            }
        }
        return Optional.empty();
    }

    /** Returns in plain words why a file cannot be read. */
    static String reason(Exception e) {
        return switch (e) {
            case NoSuchFileException _ -> "it does not exist";
            case AccessDeniedException _ -> "it may not be read";
            case CharacterCodingException _ -> "it is not UTF-8";
            default -> e.getClass() == IOException.class && e.getMessage() != null ? e.getMessage()
                    : e.getClass().getSimpleName() + (e.getMessage() == null ? "" : " " + e.getMessage());
        };
    }

    public String name() {
        return name;
    }

    String description() {
        return description;
    }

    boolean isSecret() {
        return type.kind() == SettingType.Kind.SECRET;
    }

    boolean isFlag() {
        return type.kind() == SettingType.Kind.FLAG;
    }

    @Nullable
    T fallback() {
        return fallback;
    }

    boolean isOptional() {
        return fallback instanceof Optional<?>;
    }

    /** Returns the form of valid values. */
    String expected() {
        var all = new StringBuilder(type.expected());
        constraints.forEach(constraint -> all.append(", ").append(constraint.expected()));
        return all.toString();
    }

    /** Returns the value of a text; empty if the text is not valid. */
    Optional<T> parse(String text) {
        try {
            T value = type.parse().apply(text);
            return constraints.stream().allMatch(constraint -> constraint.holds().test(value)) ? Optional.of(value) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Returns a value as text for printing; empty if there is none. Hides secrets, and passwords in addresses. */
    String print(T value) {
        return withoutCredentials(type.print().apply(value));
    }

    private static String withoutCredentials(String text) {
        return CREDENTIALS.matcher(text).replaceAll("$1$2" + Secret.HIDDEN);
    }

    /** Returns a text that was given for this setting, with secrets hidden. */
    String hidden(String text) {
        return isSecret() ? Secret.HIDDEN : withoutCredentials(text);
    }

    /** Returns its environment variable, such as {@code SPILLWAY_DATABASE_URL} for {@code database-url}. */
    String variable() {
        return variable(name);
    }

    static String variable(String name) {
        return "SPILLWAY_" + name.replace('-', '_').toUpperCase(Locale.ROOT);
    }
}
