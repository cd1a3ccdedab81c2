package dev.spillway.api;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * An operation: a method at a path.
 *
 * @param method   GET (which also answers HEAD), PUT, POST, DELETE, OPTIONS, or one of WebDAV
 * @param template the path, with literal segments and parameters. A parameter such as {@code {key}} stands for one segment of the raw path; a last
 *                 one such as {@code {path...}} for the rest of the path
 * @param query    names of the query parameters; others are refused
 * @param roles    roles that may call it if a service requires tokens; empty if anyone may
 * @param anyNamespace whether a token limited to some namespaces is enough although the path names none; the handler then checks the namespaces
 *                     itself
 * @param passedOn whether hosts also call it for their clients, each of whom must have one of the roles
 */
public record Operation(String method, String template, List<String> query, Set<Role> roles, boolean anyNamespace, boolean passedOn) {
    public Operation {
        if (!template.startsWith("/")) {
            throw new IllegalArgumentException("template: " + template + " (expected: a path that begins with a slash)");
        }
        query = List.copyOf(query);
        roles = Set.copyOf(roles);
    }

    /** Returns an operation that reads, for every token of a person or a host. */
    public static Operation read(String method, String template) {
        return new Operation(method, template, List.of(), Set.of(Role.READER, Role.WRITER, Role.OPERATOR, Role.HOST), false, false);
    }

    /** Returns an operation that changes something, for writers and operators. */
    public static Operation change(String method, String template) {
        return new Operation(method, template, List.of(), Set.of(Role.WRITER, Role.OPERATOR), false, false);
    }

    static Operation get(String template) {
        return read("GET", template);
    }

    static Operation put(String template) {
        return change("PUT", template);
    }

    static Operation post(String template) {
        return change("POST", template);
    }

    static Operation delete(String template) {
        return change("DELETE", template);
    }

    /** Returns the same operation with these query parameters. */
    public Operation query(String... names) {
        return new Operation(method, template, List.of(names), roles, anyNamespace, passedOn);
    }

    /** Returns the same operation for these roles only; for anyone if there are none. */
    public Operation only(Role... who) {
        return new Operation(method, template, query, Set.of(who), anyNamespace, passedOn);
    }

    /** Returns the same operation, also for tokens limited to some namespaces. */
    Operation ofAnyNamespace() {
        return new Operation(method, template, query, roles, true, passedOn);
    }

    /** Returns the same operation, which hosts may also call for their clients. */
    public Operation passedOnByHosts() {
        return new Operation(method, template, query, roles, anyNamespace, true);
    }

    /**
     * Returns the path with the values of its parameters, in the order of the template, each percent-encoded once.
     *
     * @throws IllegalArgumentException if the numbers of values and parameters differ
     */
    public String path(Object... values) {
        var path = new StringBuilder();
        int next = 0;
        for (String segment : template.substring(1).split("/", -1)) {
            boolean parameter = isParameter(segment);
            if (parameter && next == values.length) {
                throw misfit(values);
            }
            path.append('/').append(parameter ? encoded(segment, values[next++].toString()) : segment);
        }
        if (next < values.length) {
            throw misfit(values);
        }
        return path.toString();
    }

    private static String encoded(String parameter, String value) {
        return isRest(parameter) ? Arrays.stream(value.split("/", -1)).map(PathEncoding::encode).collect(Collectors.joining("/"))
                : PathEncoding.encode(value);
    }

    /** Returns the pattern of its raw paths. A parameter matches one segment up to the next slash, or the rest of the path. */
    public Pattern form() {
        return Pattern.compile(
                Arrays.stream(template.split("/", -1))
                        .map(segment -> isRest(segment) ? ".*+" : isParameter(segment) ? "[^/]*+" : Pattern.quote(segment))
                        .collect(Collectors.joining("/")));
    }

    /**
     * Reads the parameters of a raw path that matches {@link #form}, each percent-decoded once.
     *
     * @throws ProblemException malformed-path that names the parameter
     */
    public Map<String, String> parameters(String path) {
        var parameters = new LinkedHashMap<String, String>();
        // Path and template have the same number of slashes, unless the last parameter takes the rest. Strings are not split, because this runs for
        // each request.
        for (int from = 0, at = 0; from < template.length();) {
            int end = end(template, from);
            boolean rest = template.startsWith("...}", end - 4);
            int pathEnd = rest ? path.length() : end(path, at);
            if (template.charAt(from) == '{') {
                var name = template.substring(from + 1, rest ? end - 4 : end - 1);
                try {
                    parameters.put(name, PathEncoding.decode(path.substring(at, pathEnd)));
                } catch (IllegalArgumentException e) {
                    throw Problem.of(ProblemType.MALFORMED_PATH, name + ": " + e.getMessage()).exception();
                }
            }
            from = end + 1;
            at = pathEnd + 1;
        }
        return parameters;
    }

    /**
     * Reads a raw query, percent-decoded once.
     *
     * @throws ProblemException malformed-query, unknown-parameter, or invalid-value for one that is given twice
     */
    public Map<String, String> queryValues(String raw) {
        if (raw.isEmpty()) {
            return Map.of();
        }
        var values = new LinkedHashMap<String, String>();
        for (String pair : raw.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            var parts = pair.split("=", 2);
            try {
                var name = PathEncoding.decodeQuery(parts[0]);
                if (!query.contains(name)) {
                    throw Problem.of(
                            ProblemType.UNKNOWN_PARAMETER,
                            "%s: unknown query parameter (expected: %s)"
                                    .formatted(Problem.shown(name), query.isEmpty() ? "none" : String.join(", ", query)))
                            .exception();
                }
                if (values.put(name, parts.length == 1 ? "" : PathEncoding.decodeQuery(parts[1])) != null) {
                    throw Problem.invalid(name + ": given twice (expected: once)").exception();
                }
            } catch (IllegalArgumentException e) {
                throw Problem.of(ProblemType.MALFORMED_QUERY, "query: " + e.getMessage()).exception();
            }
        }
        return values;
    }

    private static int end(String path, int from) {
        int slash = path.indexOf('/', from);
        return slash < 0 ? path.length() : slash;
    }

    private static boolean isRest(String segment) {
        return segment.endsWith("...}");
    }

    private static boolean isParameter(String segment) {
        return segment.startsWith("{");
    }

    /** Returns the target of a request with these values, to which a query can be added. */
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
