package dev.spillway.api;

import org.jspecify.annotations.Nullable;

/**
 * What a request is sent to: an operation, with the values of its path and query filled in. Immutable.
 *
 * @param path the path and the query, percent-encoded, as they stand in the request line
 */
public record RequestTarget(Operation operation, String path) {
    /**
     * The same target with a query parameter, unless its value is absent.
     *
     * @throws IllegalArgumentException when the operation does not take the parameter
     */
    public RequestTarget with(String name, @Nullable Object value) {
        if (!operation.query().contains(name)) {
            throw new IllegalArgumentException("query parameter: %s (expected: one of %s, which %s takes)".formatted(name,
                    operation.query(), operation));
        }
        return value == null ? this
                : new RequestTarget(operation, path + (path.contains("?") ? "&" : "?") + PathEncoding.encode(name) + "="
                        + PathEncoding.encode(value.toString()));
    }

    public String method() {
        return operation.method();
    }

    @Override
    public String toString() {
        return method() + " " + path;
    }
}
