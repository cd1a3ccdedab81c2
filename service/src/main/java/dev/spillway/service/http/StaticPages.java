package dev.spillway.service.http;

import io.vertx.core.Vertx;
import io.vertx.core.file.FileSystemException;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.MimeMapping;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.CSPHandler;
import io.vertx.ext.web.handler.FileSystemAccess;
import io.vertx.ext.web.handler.StaticHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pages of a service for people, below {@code /ui/}: files on the class path in {@code web/NAME/}, then in {@code web/shared/}. Vert.x serves
 * files alone, so it unpacks those that are asked for into a folder, and removes that when it closes.
 *
 * @param name of the folder on the class path, such as {@code coordinator}
 * @param folders where to unpack, in the order in which they are tried; made where they are missing
 */
public record StaticPages(String name, List<Path> folders) {
    private static final Logger LOG = LoggerFactory.getLogger(StaticPages.class);
    private static final String PATH = "/ui/";
    private static final String PREFIX = "pages-";
    private static final Duration LEFT_BEHIND = Duration.ofDays(1);
    private static final int FILES_REMEMBERED = 100;

    /** Chooses a folder of its own, which does not exist yet. */
    Path choose() throws IOException {
        for (var folder : folders) {
            try {
                if (Files.isWritable(Files.createDirectories(folder))) {
                    return folder.resolve(PREFIX + UUID.randomUUID()).toAbsolutePath();
                }
            } catch (IOException e) {
                LOG.debug("pages: {}", folder, e);
            }
        }
        throw new IOException("pages: " + folders + " (expected: a folder that can be written)");
    }

    static FileSystemOptions unpackingInto(Path own) {
        return new FileSystemOptions().setFileCacheDir(own.toString()).setFileCacheDirAsExactPath(true);
    }

    /** Removes what killed processes left. A process that still serves from such a folder unpacks again. */
    static void removeLeftBehind(Vertx vertx, Path own) {
        var files = vertx.fileSystem();
        try {
            for (var folder : files.readDirBlocking(String.valueOf(own.getParent()), PREFIX + "[-0-9a-f]{36}")) {
                if (System.currentTimeMillis() - files.propsBlocking(folder).lastModifiedTime() > LEFT_BEHIND.toMillis()) {
                    files.deleteRecursiveBlocking(folder);
                }
            }
        } catch (FileSystemException e) {
            LOG.debug("pages: somebody else removes what was left", e);
        }
    }

    /** Returns whether pages may be at a path. */
    static boolean mayBeAt(String path) {
        return path.equals("/") || path.equals("/ui") || path.startsWith(PATH);
    }

    void mount(Router router, Path own) {
        router.routeWithRegex(HttpMethod.GET, "/(ui)?").method(HttpMethod.HEAD).useNormalizedPath(false).setName("/").handler(context -> {
            EndpointRouter.requireFit(context.request());
            context.redirect(PATH).onFailure(cause -> LOG.debug("redirect: {}", cause.toString()));
        });
        router.route(HttpMethod.GET, PATH + "*")
                .method(HttpMethod.HEAD)
                .setName(PATH + "*")
                .handler(CSPHandler.create()
                        .setDirective("default-src", "none")
                        .addDirective("style-src", "self")
                        .addDirective("img-src", "data:")
                        .addDirective("base-uri", "none")
                        .addDirective("form-action", "none")
                        .addDirective("frame-ancestors", "none"))
                .handler(StaticPages::begin)
                .handler(filesOf(own, name))
                .handler(filesOf(own, "shared"));
    }

    /**
     * The root is absolute: Vert.x looks for a relative one in the working directory first, whatever lies there. Hidden files are not refused,
     * because then a root below a hidden folder, such as {@code ~/.cache}, has no file at all.
     */
    private static StaticHandler filesOf(Path own, String name) {
        return StaticHandler.create(FileSystemAccess.ROOT, own.resolve("web").resolve(name).toString())
                .setAlwaysAsyncFS(true)
                .setMaxCacheSize(FILES_REMEMBERED)
                .setIncludeHidden(true)
                .setDefaultContentEncoding("utf-8");
    }

    private static void begin(RoutingContext context) {
        EndpointRouter.requireFit(context.request());
        if (context.normalizedPath().equals(PATH)) {
            // StaticHandler looks for the folder first, which an archive need not name.
            context.reroute(PATH + "index.html");
            return;
        }
        // A part of a page is of use to nobody, and a Range may be passed over.
        context.request().headers().remove("Range");
        var response = context.response()
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
                .putHeader("X-Content-Type-Options", "nosniff")
                .putHeader("Referrer-Policy", "no-referrer");
        var type = MimeMapping.mimeTypeForFilename(context.normalizedPath());
        if (type != null) {
            // StaticHandler adds it to a GET alone.
            response.putHeader(HttpHeaders.CONTENT_TYPE, type.startsWith("text") ? type + ";charset=utf-8" : type);
        }
        context.next();
    }
}
