package dev.spillway.api;

import org.jspecify.annotations.Nullable;

/**
 * The target of a request: an operation with the values of its path and query. Immutable.
 *
 * @param path the path and the query, percent-encoded as in the request line
 */
public record RequestTarget(Operation operation, String path) {
    /**
     * Returns the same target with a query parameter, or unchanged if the value is null.
     *
     * @throws IllegalArgumentException if the operation does not have the parameter
     */
    public RequestTarget with(String name, @Nullable Object value) {
        if (!operation.query().contains(name)) {
            throw new IllegalArgumentException(
                    "query parameter: %s (expected: one of %s, which %s takes)".formatted(name, operation.query(), operation));
        }
        return value == null ? this
                : new RequestTarget(
                        operation,
                        path + (path.contains("?") ? "&" : "?") + PathEncoding.encode(name) + "="
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
