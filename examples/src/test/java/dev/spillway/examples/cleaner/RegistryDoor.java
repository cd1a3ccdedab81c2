package dev.spillway.examples.cleaner;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A proxy of a coordinator that forwards each request, and delays one of them. */
final class RegistryDoor implements AutoCloseable {
    private final HttpClient client = HttpClient.newHttpClient();
    private final AtomicInteger asked = new AtomicInteger();
    private final CountDownLatch waiting = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);
    private final HttpServer server;

    /** @param held number of the request that waits until {@link #open}, counted from 1 */
    RegistryDoor(String coordinator, int held) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> answer(exchange, coordinator, held));
        server.start();
    }

    private void answer(HttpExchange exchange, String coordinator, int held) throws IOException {
        try (exchange) {
            if (asked.incrementAndGet() == held) {
                waiting.countDown();
                open.await();
            }
            HttpResponse<byte[]> answer = client.send(
                    HttpRequest.newBuilder(URI.create(coordinator + exchange.getRequestURI())).build(),
                    BodyHandlers.ofByteArray());
            exchange.sendResponseHeaders(answer.statusCode(), answer.body().length);
            exchange.getResponseBody().write(answer.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    void awaitHeld() throws InterruptedException {
        waiting.await();
    }

    void open() {
        open.countDown();
    }

    @Override
    public void close() {
        open();
        server.stop(0);
    }
}
