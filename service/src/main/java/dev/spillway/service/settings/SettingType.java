package dev.spillway.service.settings;

import dev.spillway.api.Durations;
import dev.spillway.api.Numbers;
import dev.spillway.api.Sizes;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The conversion between the text of a setting and its value.
 *
 * @param kind how the setting is given and shown
 * @param expected form of valid texts, for messages and help
 * @param parse converts a text; throws {@link IllegalArgumentException} if it is not valid
 * @param print returns a text that is read as this value
 */
record SettingType<T>(Kind kind, String expected, Function<String, T> parse, Function<T, String> print) {
    /** The way in which settings are given and shown. */
    enum Kind {
        ORDINARY,
        /** Given on the command line by its name alone. */
        FLAG,
        /** Never shown. */
        SECRET
    }

    SettingType(String expected, Function<String, T> parse, Function<T, String> print) {
        this(Kind.ORDINARY, expected, parse, print);
    }

    SettingType(String expected, Function<String, T> parse) {
        this(expected, parse, Object::toString);
    }

    static final SettingType<String> TEXT = new SettingType<>("a text that is not empty", text -> {
        if (text.isBlank()) {
            throw new IllegalArgumentException("blank");
        }
        return text;
    });
    static final SettingType<Integer> INTEGER = new SettingType<>("a whole number", SettingType::integer);
    static final SettingType<Long> LONG = new SettingType<>("a whole number", Numbers::whole);
    static final SettingType<Boolean> BOOLEAN = new SettingType<>(Kind.FLAG, "true or false", text -> switch (text) {
        case "true" -> true;
        case "false" -> false;
        default -> throw new IllegalArgumentException(text);
    }, Object::toString);
    static final SettingType<Integer> PORT =
            new SettingType<>("a port of 0 to 65535, 0 for any that is free", text -> new HostPort("host", integer(text)).port());
    static final SettingType<Duration> DURATION = new SettingType<>(Durations.EXPECTED, Durations::parse);
    static final SettingType<Long> BYTES = new SettingType<>(Sizes.EXPECTED, Sizes::parse, Sizes::exact);
    static final SettingType<Path> PATH = new SettingType<>("a path", SettingType::path);
    static final SettingType<HostPort> ADDRESS = new SettingType<>("host:port such as 127.0.0.1:7070", HostPort::parse);
    static final SettingType<Secret> SECRET = new SettingType<>(
            Kind.SECRET,
            "a secret that is not empty",
            text -> new Secret(TEXT.parse().apply(text)),
            secret -> secret.reveal().isEmpty() ? "" : Secret.HIDDEN);

    static <E extends Enum<E>> SettingType<E> oneOf(Class<E> type) {
        var names = Arrays.stream(type.getEnumConstants()).map(SettingType::lowerCase).toList();
        return new SettingType<>("one of " + String.join(", ", names), text -> {
            int index = names.indexOf(text.toLowerCase(Locale.ROOT));
            if (index < 0) {
                throw new IllegalArgumentException(text);
            }
            return type.getEnumConstants()[index];
        }, SettingType::lowerCase);
    }

    /** Returns the type of values that may be absent, which are printed as an empty text. */
    SettingType<Optional<T>> optional() {
        return new SettingType<>(kind, expected, text -> Optional.of(parse.apply(text)), value -> value.map(print).orElse(""));
    }

    /** Returns the type of comma-separated lists; an empty text is an empty list. */
    SettingType<List<T>> list() {
        return new SettingType<>(
                "a list, separated by commas, of: " + expected,
                text -> text.isBlank() ? List.of() : Arrays.stream(text.split(",", -1)).map(String::strip).map(parse).toList(),
                values -> values.stream().map(print).collect(Collectors.joining(",")));
    }

    private static String lowerCase(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static int integer(String text) {
        try {
            return Math.toIntExact(Numbers.whole(text));
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    private static Path path(String text) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("blank");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(text, e);
        }
    }
}
