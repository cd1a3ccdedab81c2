package dev.spillway.api;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * One verb at one path.
 *
 * @param method   GET (which also answers HEAD), PUT, POST, DELETE, OPTIONS, or one of WebDAV
 * @param template the path: segments as they are, and parameters such as {@code {key}}, each one segment of the raw path; a last one such as
 *         {@code {path...}} takes all that is left
 * @param query    names of the query parameters; others are refused
 * @param roles    who may do it where a service asks for tokens; none where anyone may
 * @param anyNamespace whether a token of some namespaces is enough though the path names none; what answers it looks at the namespaces itself
 * @param passedOn whether a host asks it for its clients, of whom each must have one of the roles
 */
public record Operation(String method, String template, List<String> query, Set<Role> roles, boolean anyNamespace, boolean passedOn) {
    public Operation {
        if (!template.startsWith("/")) {
            throw new IllegalArgumentException("template: " + template + " (expected: a path that begins with a slash)");
        }
        query = List.copyOf(query);
        roles = Set.copyOf(roles);
    }

    /** An operation that reads, for everyone with a token of a person or a host. */
    public static Operation read(String method, String template) {
        return new Operation(method, template, List.of(), Set.of(Role.READER, Role.WRITER, Role.OPERATOR, Role.HOST), false, false);
    }

    /** An operation that changes something, for writers and operators. */
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

    /** The same operation, taking these query parameters. */
    public Operation query(String... names) {
        return new Operation(method, template, List.of(names), roles, anyNamespace, passedOn);
    }

    /** The same operation, for these alone; for anyone if there are none. */
    public Operation only(Role... who) {
        return new Operation(method, template, query, Set.of(who), anyNamespace, passedOn);
    }

    /** The same operation, for tokens of some namespaces too. */
    Operation ofAnyNamespace() {
        return new Operation(method, template, query, roles, true, passedOn);
    }

    /** The same operation, which hosts may ask for their clients too. */
    public Operation passedOnByHosts() {
        return new Operation(method, template, query, roles, anyNamespace, true);
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

    /** The form of its raw paths: each parameter is one segment, which ends at a slash alone, or all that is left. */
    public Pattern form() {
        return Pattern.compile(Arrays.stream(template.split("/", -1))
                .map(segment -> isRest(segment) ? ".*+" : isParameter(segment) ? "[^/]*+" : Pattern.quote(segment))
                .collect(Collectors.joining("/")));
    }

    /**
     * Reads the parameters of a raw path of its form, each percent-decoded once.
     *
     * @throws ProblemException malformed-path that names the parameter
     */
    public Map<String, String> parameters(String path) {
        var parameters = new LinkedHashMap<String, String>();
        // Both have the same number of slashes, unless the last parameter takes all. Nothing is split, because a service does this for each request.
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
                    throw Problem.of(ProblemType.UNKNOWN_PARAMETER, "%s: unknown query parameter (expected: %s)"
                            .formatted(Problem.shown(name), query.isEmpty() ? "none" : String.join(", ", query))).exception();
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
