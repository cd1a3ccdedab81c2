package dev.spillway.api;

import java.util.List;

/**
 * One verb at one path.
 *
 * @param method   GET (which also answers HEAD), PUT, POST, DELETE
 * @param template the path: segments as they are, and parameters such as {@code {key}}, each one segment of the raw path
 * @param query    names of the query parameters; others are refused
 */
public record Operation(String method, String template, List<String> query) {
    public Operation {
        if (!template.startsWith("/")) {
            throw new IllegalArgumentException("template: " + template + " (expected: a path that begins with a slash)");
        }
        query = List.copyOf(query);
    }

    static Operation get(String template) {
        return new Operation("GET", template, List.of());
    }

    static Operation put(String template) {
        return new Operation("PUT", template, List.of());
    }

    static Operation post(String template) {
        return new Operation("POST", template, List.of());
    }

    static Operation delete(String template) {
        return new Operation("DELETE", template, List.of());
    }

    /** The same operation, taking these query parameters. */
    public Operation query(String... names) {
        return new Operation(method, template, List.of(names));
    }

    /**
     * The path with its parameters' values, in the order of the template, each percent-encoded once.
     *
     * @throws IllegalArgumentException when there are more or fewer values than parameters
     */
    public String path(Object... values) {
        var path = new StringBuilder();
        int next = 0;
        for (String segment : template.substring(1).split("/", -1)) {
            boolean parameter = segment.startsWith("{");
            if (parameter && next == values.length) {
                throw misfit(values);
            }
            path.append('/').append(parameter ? PathEncoding.encode(values[next++].toString()) : segment);
        }
        if (next < values.length) {
            throw misfit(values);
        }
        return path.toString();
    }

    /** The operation at one place, ready for its query. */
    public RequestTarget at(Object... values) {
        return new RequestTarget(this, path(values));
    }

    private IllegalArgumentException misfit(Object... values) {
        return new IllegalArgumentException("values: %d (expected: one for each parameter of %s)".formatted(values.length, template));
    }

    @Override
    public String toString() {
        return method + " " + template;
    }
}
