package dev.spillway.api.json;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.spillway.api.json.UnreadableJsonException.Mistake;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads JSON into a record, with errors in plain words. */
public final class IncomingJson {
    private static final int SHOWN_CHARACTERS = 120;
    private static final String BYTE_ORDER_MARK = "\uFEFF";
    private static final Pattern DUPLICATE_FIELD = Pattern.compile("^Duplicate field '(.{1,100}?)'");

    private IncomingJson() {}

    /**
     * Reads one JSON value.
     *
     * @throws UnreadableJsonException if the text is not JSON or does not fit the type
     */
    public static <T> T read(ObjectMapper mapper, byte[] text, Class<T> type) throws UnreadableJsonException {
        return read(mapper, text, mapper.constructType(type));
    }

    /** Does the same as {@link #read(ObjectMapper, byte[], Class)} for a generic type, whose type arguments the caller knows. */
    @SuppressWarnings("TypeParameterUnusedInFormals") // As Jackson's own, because a JavaType says what the compiler cannot.
    public static <T> T read(ObjectMapper mapper, byte[] text, JavaType type) throws UnreadableJsonException {
        JsonNode tree;
        try {
            // The bytes are decoded here, because Jackson would guess UTF-16 or UTF-32 and accept overlong forms and unpaired surrogates.
            var decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
            tree = mapper.readTree(decoded.startsWith(BYTE_ORDER_MARK) ? decoded.substring(1) : decoded);
        } catch (CharacterCodingException e) {
            throw new UnreadableJsonException(Mistake.MALFORMED, "body: not UTF-8 (expected: JSON in UTF-8)", e);
        } catch (JsonProcessingException e) {
            throw new UnreadableJsonException(
                    Mistake.MALFORMED,
                    "body: not JSON%s: %s".formatted(place(e.getLocation()), mistake(mapper, e)),
                    e);
        }
        if (tree == null || tree.isMissingNode() || tree.isNull()) {
            throw new UnreadableJsonException(
                    Mistake.MALFORMED,
                    "body: %s (expected: %s)".formatted(tree == null || tree.isMissingNode() ? "empty" : "null", "a JSON object"),
                    new IOException("no value"));
        }
        try {
            return mapper.treeToValue(tree, type);
        } catch (JsonProcessingException e) {
            throw describe(tree, type.getRawClass(), e);
        }
    }

    /** Returns an error message in plain words, because the parser's own messages name its features and classes. */
    private static String mistake(ObjectMapper mapper, JsonProcessingException e) {
        return switch (e) {
            case JsonEOFException _ -> "it ends in the middle";
            case StreamConstraintsException _ -> {
                var bounds = mapper.getFactory().streamReadConstraints();
                yield "nested deeper than %d, or with a text longer than %d or a number longer than %d characters"
                        .formatted(bounds.getMaxNestingDepth(), bounds.getMaxStringLength(), bounds.getMaxNumberLength());
            }
            case MismatchedInputException mismatch -> {
                var duplicate = DUPLICATE_FIELD.matcher(mismatch.getOriginalMessage());
                yield duplicate.find() ? "field " + duplicate.group(1) + " came twice" : "something follows the value";
            }
            default -> "an unexpected character or word";
        };
    }

    private static UnreadableJsonException describe(JsonNode tree, Class<?> root, JsonProcessingException e) {
        var path = e instanceof JsonMappingException mapping ? path(mapping) : "";
        var name = path.isEmpty() ? "body" : path;
        if (e instanceof UnrecognizedPropertyException unknown) {
            return new UnreadableJsonException(
                    Mistake.UNKNOWN_FIELD,
                    "%s: unknown field (expected: %s)".formatted(name, fields(unknown.getKnownPropertyIds())),
                    e);
        }
        var node = e instanceof JsonMappingException mapping ? find(tree, mapping) : tree;
        var refusal = refusal(e);
        if (refusal.isPresent()) {
            return new UnreadableJsonException(Mistake.INVALID_FIELD, placed(path, node, refusal.get()), e);
        }
        return new UnreadableJsonException(
                Mistake.INVALID_FIELD,
                "%s: %s (expected: %s)".formatted(name, shown(node), expected(target(e, root))),
                e);
    }

    /** Returns the message of a constructor or factory that refused its argument. */
    private static Optional<String> refusal(Throwable e) {
        for (var cause = e.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof IllegalArgumentException && cause.getMessage() != null) {
                return Optional.of(cause.getMessage());
            }
        }
        return Optional.empty();
    }

    /**
     * Returns a refusal with the path of its field. The name of a single value is replaced by its field; for an object, the refused field is appended
     * to the object's path.
     */
    private static String placed(String path, JsonNode node, String refusal) {
        if (path.isEmpty()) {
            return refusal;
        }
        int colon = refusal.indexOf(": ");
        return node.isContainerNode() ? path + "." + refusal : path + ": " + (colon < 0 ? refusal : refusal.substring(colon + 2));
    }

    private static @Nullable Class<?> target(JsonProcessingException e, Class<?> root) {
        return switch (e) {
            case MismatchedInputException mismatch -> mismatch.getTargetType();
            case InputCoercionException coercion -> coercion.getTargetType();
            case JsonMappingException mapping when mapping.getCause() instanceof InputCoercionException coercion ->
                    coercion.getTargetType();
            default -> root;
        };
    }

    private static String expected(@Nullable Class<?> type) {
        if (type == null) {
            return "a value";
        }
        if (type.isEnum()) {
            return "one of " + Arrays.stream(type.getEnumConstants()).map(Object::toString).collect(Collectors.joining(", "));
        }
        if (type == int.class || type == Integer.class) {
            return "a whole number of " + Integer.MIN_VALUE + " to " + Integer.MAX_VALUE;
        }
        if (type == long.class || type == Long.class) {
            return "a whole number of 64 bits";
        }
        if (type == double.class || type == Double.class) {
            return "a number";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        }
        if (type == Instant.class) {
            return "a time such as 2026-01-31T12:00:00Z";
        }
        if (type == Duration.class) {
            return "a duration such as PT10M";
        }
        if (Collection.class.isAssignableFrom(type) || type.isArray()) {
            return "an array";
        }
        return (type.isRecord() && !isValue(type)) || Map.class.isAssignableFrom(type) ? "an object" : "a text";
    }

    /** Returns whether a type is a record that is written as one plain value. */
    private static boolean isValue(Class<?> type) {
        return type.getRecordComponents().length == 1 && type.getRecordComponents()[0].getAccessor().isAnnotationPresent(JsonValue.class);
    }

    private static String fields(@Nullable Collection<Object> known) {
        return known == null || known.isEmpty() ? "no fields"
                : known.stream().map(Object::toString).sorted().collect(Collectors.joining(", "));
    }

    private static String path(JsonMappingException e) {
        var path = new StringBuilder();
        for (var step : e.getPath()) {
            if (step.getFieldName() != null) {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
            } else {
                path.append('[').append(step.getIndex()).append(']');
            }
        }
        return path.toString();
    }

    private static JsonNode find(JsonNode tree, JsonMappingException e) {
        var node = tree;
        for (var step : e.getPath()) {
            node = step.getFieldName() != null ? node.path(step.getFieldName()) : node.path(step.getIndex());
        }
        return node;
    }

    private static String shown(JsonNode node) {
        if (node instanceof MissingNode) {
            return "missing";
        }
        var text = node.toString();
        return text.length() > SHOWN_CHARACTERS ? text.substring(0, SHOWN_CHARACTERS) + "..." : text;
    }

    private static String place(@Nullable JsonLocation location) {
        return location == null || location.getLineNr() < 1 ? ""
                : " at line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
    }
}
