package dev.spillway.cli.option;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.spillway.api.Sizes;
import dev.spillway.events.Backend;
import dev.spillway.events.EvictionPolicy;
import dev.spillway.events.InvalidValueException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A limit of a policy as an argument: a value, or {@code none} to remove it.
 *
 * @param value JSON value to send; null to remove the limit
 */
public record Limit(JsonNode value) {
    private static final String NONE = "none";
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    interface Reading extends ITypeConverter<Limit> {
        JsonNode read(String text);

        @Override
        default Limit convert(String text) {
            if (text.equals(NONE)) {
                return new Limit(NullNode.getInstance());
            }
            try {
                return new Limit(read(text));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()).replaceFirst("\\)$", ", or " + NONE + ")"));
            }
        }
    }

    /** Reads a number of 1 or more. */
    public static final class Entries implements Reading {
        @Override
        public JsonNode read(String text) {
            return JSON.numberNode(Values.count(text).number());
        }
    }

    /** Reads a size. */
    public static final class Size implements Reading {
        @Override
        public JsonNode read(String text) {
            return JSON.numberNode(Sizes.parse(text));
        }
    }

    /** Reads a length of time. */
    public static final class Time implements Reading {
        @Override
        public JsonNode read(String text) {
            return JSON.textNode(new Values.TimeSpan(text).text());
        }
    }

    /** Reads the name of a backend, in either case. */
    public static final class BackendName implements Reading {
        @Override
        public JsonNode read(String text) {
            return constant("backend", text, Backend.values());
        }
    }

    /** Reads the name of an order of eviction, in either case. */
    public static final class PolicyName implements Reading {
        @Override
        public JsonNode read(String text) {
            return constant("evictionPolicy", text, EvictionPolicy.values());
        }
    }

    private static JsonNode constant(String field, String text, Enum<?>[] constants) {
        for (Enum<?> constant : constants) {
            if (constant.name().equalsIgnoreCase(text)) {
                return JSON.textNode(constant.name());
            }
        }
        throw new InvalidValueException(
                field,
                text,
                Arrays.stream(constants).map(constant -> constant.name().toLowerCase(Locale.ROOT)).collect(Collectors.joining(", ")));
    }

    /** Reads a share. */
    public static final class Share implements Reading {
        @Override
        public JsonNode read(String text) {
            return JSON.numberNode(Values.Share.parse(text).fraction());
        }
    }
}
