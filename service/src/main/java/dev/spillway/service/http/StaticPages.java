package dev.spillway.service.http;

import com.sun.security.auth.module.UnixSystem;
import dev.spillway.api.Operation;
import dev.spillway.api.Problem;
import dev.spillway.api.ProblemType;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.MimeMapping;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.FileSystemAccess;
import io.vertx.ext.web.handler.StaticHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Serves the pages of a service for people, below {@code /ui/}, by vertx-web's {@code StaticHandler}. The handler serves only files, so the service
 * copies the pages from the class path when it starts. Their folder is named by the digest of its content. So all processes share it, and it need not
 * be removed.
 *
 * @param root folder with the folder {@code ui}
 * @param names relative names of all files in it; no other file is looked up
 */
public record StaticPages(Path root, List<String> names) {
    private static final String PATH = "/ui/";

    public StaticPages {
        names = List.copyOf(names);
    }

    /**
     * Copies the pages of a service, {@code web/NAME/} and {@code web/shared/} on the class path, into the first folder that can be used.
     *
     * @param folders folders in the order of preference; missing ones are created
     * @throws IOException if none can be used
     */
    public static StaticPages copied(String name, List<Path> folders) throws IOException {
        var files = new TreeMap<String, byte[]>();
        for (var from : List.of("/web/shared", "/web/" + name)) {
            read(Objects.requireNonNull(StaticPages.class.getResource(from), from), files);
        }
        var failure = new IOException("pages: " + folders + " (expected: a folder of this user that can be written)");
        for (var folder : folders) {
            try {
                return new StaticPages(write(files, folder), List.copyOf(files.keySet()));
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
        }
        throw failure;
    }

    static void read(URL from, Map<String, byte[]> files) throws IOException {
        if (from.openConnection() instanceof JarURLConnection archive) {
            try (var opened = FileSystems.newFileSystem(Path.of(URI.create(archive.getJarFileURL().toString())))) {
                read(opened.getPath("/" + archive.getEntryName()), files);
            }
        } else {
            read(Path.of(URI.create(from.toString())), files);
        }
    }

    private static void read(Path from, Map<String, byte[]> files) throws IOException {
        try (var tree = Files.walk(from)) {
            for (var file : tree.filter(Files::isRegularFile).toList()) {
                files.put(from.relativize(file).toString(), Files.readAllBytes(file));
            }
        }
    }

    private static Path write(Map<String, byte[]> files, Path folder) throws IOException {
        var all = new ByteArrayOutputStream();
        for (var file : files.entrySet()) {
            all.writeBytes((file.getKey() + "\0" + file.getValue().length + "\0").getBytes(StandardCharsets.UTF_8));
            all.writeBytes(file.getValue());
        }
        var root = Files.createDirectories(folder).resolve("pages-" + UUID.nameUUIDFromBytes(all.toByteArray())).toAbsolutePath();
        try {
            Files.createDirectory(root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException e) {
            // In a temporary folder, another user can predict the name and create it first.
            var found = Files.readAttributes(root, "unix:isDirectory,uid", LinkOption.NOFOLLOW_LINKS);
            if (!found.equals(Map.of("isDirectory", true, "uid", (int) new UnixSystem().getUid()))) {
                throw new IOException(root + ": " + found + " (expected: a folder of this user)", e);
            }
        }
        for (var file : files.entrySet()) {
            var path = root.resolve(PATH.substring(1)).resolve(file.getKey());
            Files.createDirectories(Objects.requireNonNull(path.getParent()));
            // Each start writes the files, because a killed process may have left a part. They are not truncated first, because another process may
            // be sending them.
            Files.write(path, file.getValue(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        }
        return root;
    }

    /** Returns the endpoints besides the files: redirects, and refusals of unknown pages. */
    static List<Endpoint> endpoints() {
        Endpoint.Handler redirect = request -> Response.empty(302).header("Location", PATH);
        return List.of(
                Endpoint.of(Operation.read("GET", "/").only(), redirect),
                Endpoint.of(Operation.read("GET", "/ui").only(), redirect),
                Endpoint.of(Operation.read("GET", PATH + "{path...}").only(), request -> {
                    throw Problem.of(
                            ProblemType.UNKNOWN_PATH,
                            "path: %s (expected: a page of this service)"
                                    .formatted(Problem.shown(PATH + request.parameter("path"))))
                            .exception();
                }));
    }

    /** Mounts the files, before the endpoints; each request passes the check first. */
    void mount(Router router, Consumer<HttpServerRequest> check) {
        var paths = names.stream().map(Pattern::quote).collect(Collectors.joining("|", PATH + "(?:", ")?"));
        // Files below a hidden folder, such as ~/.cache, count as hidden, too, so they must be allowed.
        router.routeWithRegex(HttpMethod.GET, paths)
                .method(HttpMethod.HEAD)
                .useNormalizedPath(false)
                .setName(PATH + "{path...}")
                .handler(context -> {
                    check.accept(context.request());
                    begin(context);
                })
                .handler(
                        StaticHandler.create(FileSystemAccess.ROOT, root.toString())
                                .setIncludeHidden(true)
                                .setAlwaysAsyncFS(true)
                                .setDefaultContentEncoding("utf-8"));
    }

    private void begin(RoutingContext context) {
        // Ranges of pages are useless, and a server may ignore the header.
        context.request().headers().remove("Range");
        var path = context.normalizedPath();
        // StaticHandler adds the type to a GET only, so it is added here for HEAD.
        var type = MimeMapping.mimeTypeForFilename(path.equals(PATH) ? "index.html" : path);
        if (type != null) {
            context.response().putHeader(HttpHeaders.CONTENT_TYPE, type.startsWith("text") ? type + ";charset=utf-8" : type);
        }
        context.response()
                .putHeader(HttpHeaders.ETAG, "\"" + root.getFileName() + "\"")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("Referrer-Policy", "no-referrer")
                .putHeader(
                        "Content-Security-Policy",
                        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src data:; base-uri 'none'; "
                                + "form-action 'none'; frame-ancestors 'none'");
        context.next();
    }
}
