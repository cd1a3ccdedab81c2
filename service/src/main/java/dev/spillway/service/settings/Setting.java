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

    /** Reads what a value names, such as a file. */
    @FunctionalInterface
    public interface Look<T> {
        /** @throws IOException saying what is wrong with it */
        void at(T value) throws IOException;
    }

    /** A condition on a value beyond its type. */
    private record Constraint<T>(String expected, Predicate<T> holds) {}

    private final String name;
    private final String description;
    private final boolean secret;
    private final boolean flag;
    private final String expected;
    private final Function<String, T> parse;
    private final Function<T, String> print;
    private final List<Constraint<T>> constraints;
    private final List<Look<T>> looks;
    private final @Nullable T fallback;

    private Setting(String name, String description, boolean secret, boolean flag, String expected, Function<String, T> parse,
            Function<T, String> print, List<Constraint<T>> constraints, List<Look<T>> looks, @Nullable T fallback) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("setting: " + name + " (expected: kebab-case such as database-url)");
        }
        this.name = name;
        this.description = description;
        this.secret = secret;
        this.flag = flag;
        this.expected = expected;
        this.parse = parse;
        this.print = print;
        this.constraints = constraints;
        this.looks = looks;
        this.fallback = fallback;
    }

    private static <T> Setting<T> of(String name, String description, SettingType<T> type) {
        return new Setting<>(name, description, type.equals(SettingType.SECRET), type.equals(SettingType.BOOLEAN), type.expected(),
                type.parse(), type.print(), List.of(), List.of(), null);
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

    /** On the command line {@code --name} alone says true. */
    public static Setting<Boolean> flag(String name, String description) {
        return of(name, description, SettingType.BOOLEAN);
    }

    public static Setting<Integer> port(String name, String description) {
        return of(name, description, SettingType.PORT);
    }

    public static Setting<Duration> duration(String name, String description) {
        return of(name, description, SettingType.DURATION);
    }

    /** A size in bytes. */
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

    /** Written in lower case, with a dash for each underscore; read in any case. */
    public static <E extends Enum<E>> Setting<E> oneOf(Class<E> type, String name, String description) {
        return of(name, description, SettingType.oneOf(type));
    }

    /** Never printed. Can also be read from a file, whose path is given as {@code NAME-file}; line ends at its end are cut off. */
    public static Setting<Secret> secret(String name, String description) {
        return of(name, description, SettingType.SECRET);
    }

    /** A value of the service's own kind, read by a function that throws {@link IllegalArgumentException} for a text that is none. */
    public static <T> Setting<T> custom(String name, String description, String expected, Function<String, T> parse) {
        return of(name, description, new SettingType<>(expected, parse));
    }

    /** The same setting, not required. */
    public Setting<T> defaultTo(T value) {
        return new Setting<>(name, description, secret, flag, expected, parse, print, constraints, looks, value);
    }

    /** The same setting, empty when it is not given. */
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
        return new Setting<>(name, description, secret, flag, expected, text -> Optional.of(parse.apply(text)),
                value -> value.map(print).orElse(""), checks, looksIfGiven, Optional.empty());
    }

    /**
     * The same setting, with a condition on its value.
     *
     * @param expectation continues "expected:", such as {@code 1 or more}
     */
    public Setting<T> must(String expectation, Predicate<T> holds) {
        var more = new ArrayList<>(constraints);
        more.add(new Constraint<>(expectation, holds));
        return new Setting<>(name, description, secret, flag, expected, parse, print, more, looks, fallback);
    }

    /**
     * The same setting, for something that is looked at when the settings are read, so that its fault is listed among those of the others.
     *
     * @param expectation continues "expected:", such as {@code a PEM file}
     */
    public Setting<T> readable(String expectation, Look<T> look) {
        var more = new ArrayList<>(looks);
        more.add(look);
        var known = must(expectation, value -> true);
        return new Setting<>(name, description, secret, flag, expected, parse, print, known.constraints, more, fallback);
    }

    /** Returns what is wrong with what a valid value names. */
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

    /** Returns why a file cannot be read, in words for people. */
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
        return secret;
    }

    boolean isFlag() {
        return flag;
    }

    @Nullable
    T fallback() {
        return fallback;
    }

    boolean isOptional() {
        return fallback instanceof Optional<?>;
    }

    /** What a valid value looks like. */
    String expected() {
        var all = new StringBuilder(expected);
        constraints.forEach(constraint -> all.append(", ").append(constraint.expected()));
        return all.toString();
    }

    /** The value of a text, or empty when it is not valid. */
    Optional<T> parse(String text) {
        try {
            T value = parse.apply(text);
            return constraints.stream().allMatch(constraint -> constraint.holds().test(value)) ? Optional.of(value) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The text of a value, empty if there is none, without a secret, and without a password that stands inside an address. */
    String print(T value) {
        return withoutCredentials(print.apply(value));
    }

    private static String withoutCredentials(String text) {
        return CREDENTIALS.matcher(text).replaceAll("$1$2" + Secret.HIDDEN);
    }

    /** A text that was given for this setting, as it may be shown. */
    String hidden(String text) {
        return secret ? Secret.HIDDEN : withoutCredentials(text);
    }

    /** {@code SPILLWAY_DATABASE_URL} for {@code database-url}. */
    String variable() {
        return variable(name);
    }

    static String variable(String name) {
        return "SPILLWAY_" + name.replace('-', '_').toUpperCase(Locale.ROOT);
    }
}
