package dev.spillway.service.http;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds the route of a raw path. Routers normalise a path before they look: {@code %2E%2E} or {@code a%2F..%2Fb} would never arrive as a
 * key. This one splits at the slashes that were sent, compares, and leaves each parameter as it was sent. A literal segment wins over a
 * parameter, a parameter over the rest of the path. Immutable once built.
 */
final class RouteTable {
    private static final String REST = "...}";

    /** What was found at a path. */
    sealed interface Match {
        /** @param parameters by name, still percent-encoded */
        record Found(Route route, Map<String, String> parameters) implements Match {}

        record WrongMethod(List<String> allowed) implements Match {}

        record Unknown() implements Match {}
    }

    private static final class Node {
        private final Map<String, Node> literals = new LinkedHashMap<>();
        private final Map<String, Route> routes = new TreeMap<>();
        private @Nullable Node parameter;
        private @Nullable Node rest;
    }

    private final Node root = new Node();

    /** @throws IllegalArgumentException when two routes answer the same requests */
    RouteTable(List<Route> routes) {
        routes.forEach(this::add);
    }

    private void add(Route route) {
        var node = root;
        var segments = segments(route.template());
        for (int index = 0; index < segments.size(); index++) {
            var segment = segments.get(index);
            if (segment.startsWith("{") && segment.endsWith(REST)) {
                if (index < segments.size() - 1) {
                    throw new IllegalArgumentException("template: " + route.template() + " (expected: the rest of the path at its end)");
                }
                node.rest = node.rest == null ? new Node() : node.rest;
                node = node.rest;
            } else if (segment.startsWith("{")) {
                node.parameter = node.parameter == null ? new Node() : node.parameter;
                node = node.parameter;
            } else {
                node = node.literals.computeIfAbsent(segment, name -> new Node());
            }
        }
        if (node.routes.putIfAbsent(route.method(), route) != null) {
            throw new IllegalArgumentException(
                    "route: %s %s (expected: no other route with this method and form)".formatted(route.method(), route.template()));
        }
    }

    Match find(String method, String rawPath) {
        if (!rawPath.startsWith("/")) {
            return new Match.Unknown();
        }
        var segments = segments(rawPath);
        var nodes = new ArrayList<Node>();
        collect(root, segments, 0, nodes);
        var allowed = new TreeSet<String>();
        for (var node : nodes) {
            var route = route(node, method);
            if (route.isPresent()) {
                return new Match.Found(route.get(), parameters(route.get(), segments));
            }
            allowed.addAll(node.routes.keySet());
        }
        if (allowed.contains("GET")) {
            allowed.add("HEAD");
        }
        return allowed.isEmpty() ? new Match.Unknown() : new Match.WrongMethod(List.copyOf(allowed));
    }

    private static Optional<Route> route(Node node, String method) {
        var route = node.routes.get(method);
        return Optional.ofNullable(route == null && method.equals("HEAD") ? node.routes.get("GET") : route);
    }

    /** All nodes that the path leads to, the most literal first. */
    private static void collect(Node node, List<String> segments, int index, List<Node> found) {
        if (index == segments.size()) {
            if (!node.routes.isEmpty()) {
                found.add(node);
            }
            return;
        }
        var literal = node.literals.get(segments.get(index));
        if (literal != null) {
            collect(literal, segments, index + 1, found);
        }
        if (node.parameter != null) {
            collect(node.parameter, segments, index + 1, found);
        }
        if (node.rest != null) {
            found.add(node.rest);
        }
    }

    private static Map<String, String> parameters(Route route, List<String> segments) {
        Map<String, String> parameters = new LinkedHashMap<>();
        var names = segments(route.template());
        for (int index = 0; index < names.size(); index++) {
            var name = names.get(index);
            if (name.startsWith("{") && name.endsWith(REST)) {
                parameters.put(name.substring(1, name.length() - REST.length()),
                        String.join("/", segments.subList(index, segments.size())));
            } else if (name.startsWith("{")) {
                parameters.put(name.substring(1, name.length() - 1), segments.get(index));
            }
        }
        return parameters;
    }

    private static List<String> segments(String path) {
        return List.of(path.substring(1).split("/", -1));
    }
}
