package dev.spillway.service.http;

import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import io.vertx.core.http.MimeMapping;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Serves the pages of a service for people, below {@code /ui/}: files on the class path in {@code web/NAME/}, then in {@code web/shared/}. Vert.x's
 * {@code StaticHandler} serves files alone, so Vert.x would unpack them into a folder that has to be chosen, guarded and removed.
 *
 * @param name of the folder on the class path, such as {@code coordinator}
 */
record StaticPages(String name) {
    private static final String PATH = "/ui/";
    private static final Pattern FILE = Pattern.compile("[A-Za-z0-9_-]+([./][A-Za-z0-9_-]+)*+");

    List<Endpoint> endpoints() {
        Endpoint.Handler redirect = request -> Response.empty(302).header("Location", PATH);
        return List.of(Endpoint.of(new Operation("GET", "/", List.of()), redirect),
                Endpoint.of(new Operation("GET", "/ui", List.of()), redirect),
                Endpoint.of(new Operation("GET", PATH + "{path...}", List.of()), this::page));
    }

    private Response page(Request request) throws IOException {
        var path = request.parameter("path").isEmpty() ? "index.html" : request.parameter("path");
        // Only files have a type, folders on the class path have none.
        var type = MimeMapping.mimeTypeForFilename(path);
        for (var folder : List.of(name, "shared")) {
            try (var file = type == null || !FILE.matcher(path).matches() ? null
                    : StaticPages.class.getResourceAsStream("/web/" + folder + "/" + path)) {
                if (file != null) {
                    return answer(request, type.startsWith("text") ? type + ";charset=utf-8" : type, file.readAllBytes());
                }
            }
        }
        throw Problem.of(ProblemType.UNKNOWN_PATH, "path: %s (expected: a page of this service)".formatted(Problem.shown(PATH + path)))
                .exception();
    }

    private static Response answer(Request request, String type, byte[] page) {
        var tag = "\"" + UUID.nameUUIDFromBytes(page) + "\"";
        return (request.header("If-None-Match").filter(tag::equals).isPresent() ? Response.empty(304) : Response.bytes(type, page))
                .header("ETag", tag)
                .header("Cache-Control", "no-cache")
                .header("X-Content-Type-Options", "nosniff")
                .header("Referrer-Policy", "no-referrer")
                .header("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
                        + "form-action 'none'; frame-ancestors 'none'");
    }
}
