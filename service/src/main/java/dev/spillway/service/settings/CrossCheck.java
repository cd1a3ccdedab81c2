package dev.spillway.service.settings;

import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A condition between settings, checked once all values are valid.
 *
 * @param blamed setting that is reported as wrong if the condition does not hold
 * @param others other settings in the condition, at least one
 * @param expected expectation of the blamed setting, such as {@code over 3 times the heartbeat}
 */
public record CrossCheck(Setting<?> blamed, List<Setting<?>> others, String expected, Predicate<Settings> holds) {
    /** Creates a condition between two settings. */
    public <A, B> CrossCheck(Setting<A> blamed, Setting<B> other, String expected, BiPredicate<A, B> holds) {
        this(blamed, List.of(other), expected, settings -> holds.test(settings.get(blamed), settings.get(other)));
    }

    Optional<SettingProblem> problem(Settings settings) {
        if (!settings.has(blamed) || !others.stream().allMatch(settings::has) || holds.test(settings)) {
            return Optional.empty();
        }
        var with = others.stream().map(other -> other.name() + ": " + settings.printed(other)).collect(Collectors.joining(", "));
        return Optional.of(
                new SettingProblem(
                        blamed.name(),
                        settings.printed(blamed),
                        "%s, with %s".formatted(expected, with),
                        settings.source(blamed)));
    }
}
