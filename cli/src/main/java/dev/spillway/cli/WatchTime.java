package dev.spillway.cli;

import dev.spillway.api.Durations;
import java.time.Duration;
import java.util.Map;
import java.util.Stack;
import java.util.function.Consumer;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.TypeConversionException;

/** The optional time of {@code --watch}. It is one class, because the JDK would link lambdas anew in each process. */
final class WatchTime implements ITypeConverter<Duration>, IParameterPreprocessor, Consumer<Duration> {
    static final String DEFAULT = "2s";

    /** Adds the default if the next word is not a time. Otherwise picocli would use any word, even if it is a name. */
    @Override
    @SuppressWarnings("JdkObsolete") // picocli's
    public boolean preprocess(Stack<String> arguments, CommandSpec command, ArgSpec option, Map<String, Object> how) {
        if (!"=".equals(how.get("separator")) && (arguments.isEmpty() || !isTime(arguments.peek()))) {
            arguments.push(DEFAULT);
        }
        return false;
    }

    static boolean isTime(String word) {
        try {
            return !Durations.parse(word).isNegative();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    @Override
    public Duration convert(String text) {
        try {
            Duration time = Durations.parse(text);
            if (time.isPositive()) {
                return time;
            }
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(String.valueOf(e.getMessage()));
        }
        throw new TypeConversionException(text + " (expected: more than zero)");
    }

    /** Does nothing, because the time is read from the match of picocli. */
    @Override
    public void accept(Duration time) {}
}
