package dev.spillway.service.http;

import java.util.List;

/**
 * One verb at one path.
 *
 * @param method GET (which also answers HEAD, see {@link Request#isHead}), PUT, POST, DELETE
 * @param template segments that are compared as they are sent, and parameters: {@code {key}} is one segment of the raw path, which may
 *        hold an encoded slash; {@code {path...}}, only at the end, is all the rest. Parameters are percent-decoded once
 * @param query names of the query parameters; others are refused
 * @param bounded whether it counts against the service's limit of concurrent requests
 */
public record Route(String method, String template, Body body, List<String> query, boolean bounded, Handler handler) {
    public Route {
        if (!template.startsWith("/")) {
            throw new IllegalArgumentException("template: " + template + " (expected: a path that begins with a slash)");
        }
        query = List.copyOf(query);
    }

    public static Route get(String template, Handler handler) {
        return new Route("GET", template, Body.none(), List.of(), true, handler);
    }

    public static Route put(String template, Body body, Handler handler) {
        return new Route("PUT", template, body, List.of(), true, handler);
    }

    public static Route post(String template, Body body, Handler handler) {
        return new Route("POST", template, body, List.of(), true, handler);
    }

    public static Route delete(String template, Handler handler) {
        return new Route("DELETE", template, Body.none(), List.of(), true, handler);
    }

    /** The same route, taking these query parameters. */
    public Route query(String... names) {
        return new Route(method, template, body, List.of(names), bounded, handler);
    }

    /** The same route, answered also when the service is at its limit: for what tells whether it lives. */
    Route always() {
        return new Route(method, template, body, query, false, handler);
    }
}
