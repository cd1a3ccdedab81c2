package dev.spillway.coordinator.postgres;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes answers of one registry so that those of another can be compared with them: without times, without ids but those that the commands
 * brought, which all begin with zeros, and with the place of each generation for its number: a batch draws numbers that it may not need. Not
 * thread-safe.
 */
final class Plain {
    /** No generation that was drawn. */
    static final long MADE_UP = 1_000_000;

    private static final Pattern UUIDS = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final Pattern TIMES = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?Z");

    private static final Pattern GENERATIONS = Pattern.compile("(?:generation=|knows up to )(\\d+)");

    private final List<Long> generations;

    Plain() {
        generations = new ArrayList<>();
    }

    /** One that knows what {@code other} was told of, and is told of more than that apart from it. */
    Plain(Plain other) {
        generations = new ArrayList<>(other.generations);
    }

    /** The generation that was told of so late; one that was never drawn if there is none. */
    long generation(int place) {
        return place < generations.size() ? generations.get(place) : MADE_UP + place;
    }

    String of(Object answer) {
        Matcher times = TIMES.matcher(String.valueOf(answer));
        Matcher ids = UUIDS.matcher(times.replaceAll("TIME"));
        Matcher numbers = GENERATIONS.matcher(ids.replaceAll(id -> id.group().startsWith("00000000") ? id.group() : "ID"));
        return numbers.replaceAll(
                number -> number.group().startsWith("generation") ? "generation=" + place(Long.parseLong(number.group(1))) : "NUMBER");
    }

    private long place(long generation) {
        if (generation >= MADE_UP) {
            return generation;
        }
        if (!generations.contains(generation)) {
            generations.add(generation);
        }
        return generations.indexOf(generation);
    }
}
