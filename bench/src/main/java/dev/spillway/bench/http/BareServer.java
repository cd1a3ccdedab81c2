package dev.spillway.bench.http;

import dev.spillway.bench.BenchmarkFailedException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.BodyHandler;
import java.util.concurrent.ExecutionException;

/** A vertx-web router that only answers with bytes in memory. It shows the cost of the framework itself. */
final class BareServer implements AutoCloseable {
    private static final int EVENT_LOOPS = 2;

    private final Vertx vertx;
    private final Router router;
    private final HttpServer server;

    private BareServer(Vertx vertx, Router router, HttpServer server) {
        this.vertx = vertx;
        this.router = router;
        this.server = server;
    }

    static BareServer start() throws InterruptedException {
        Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(EVENT_LOOPS));
        Router router = Router.router(vertx);
        return new BareServer(vertx, router, await(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1")));
    }

    String address() {
        return "127.0.0.1:" + server.actualPort();
    }

    void get(String path, byte[] body) {
        router.get(path).handler(context -> context.response().putHeader("Content-Type", "application/json").end(Buffer.buffer(body)));
    }

    void put(String path, byte[] body) {
        router.put(path)
                .handler(BodyHandler.create(false))
                .handler(context -> context.response().putHeader("Content-Type", "application/json").end(Buffer.buffer(body)));
    }

    private static <T> T await(Future<T> future) throws InterruptedException {
        try {
            return future.toCompletionStage().toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw new BenchmarkFailedException("the bare server: " + e.getCause(), e);
        }
    }

    @Override
    public void close() {
        try {
            await(vertx.close());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
