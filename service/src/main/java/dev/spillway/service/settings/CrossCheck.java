package dev.spillway.service.settings;

import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * A condition between two settings, looked at when both are valid.
 *
 * @param blamed the setting that is wrong when the condition does not hold
 * @param expected what the blamed one should be, such as {@code over 3 times the heartbeat}
 */
public record CrossCheck<A, B>(Setting<A> blamed, Setting<B> other, String expected, BiPredicate<A, B> holds) {

    Optional<SettingProblem> problem(Settings settings) {
        if (!settings.has(blamed) || !settings.has(other) || holds.test(settings.get(blamed), settings.get(other))) {
            return Optional.empty();
        }
        var value = settings.printed(blamed);
        return Optional.of(new SettingProblem(blamed.name(), value,
                "%s, with %s: %s".formatted(expected, other.name(), settings.printed(other)), settings.source(blamed)));
    }
}
