package dev.spillway.testservers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Receives spans by OTLP over HTTP, on loopback, and keeps them. A test can make it hang or refuse. */
public final class OtlpReceiver implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Received> received = new CopyOnWriteArrayList<>();
    private final CountDownLatch firstHangs = new CountDownLatch(1);
    private final CountDownLatch closing = new CountDownLatch(1);
    private final AtomicInteger requests = new AtomicInteger();
    private volatile int status = 200;
    private volatile boolean hanging;

    /**
     * A span as it was received.
     *
     * @param parentId id of the parent span; empty for the first span of a trace
     * @param links    spans that it links to, besides its parent
     */
    public record Received(
            String service,
            String instance,
            String name,
            String kind,
            String traceId,
            String spanId,
            String parentId,
            Map<String, String> attributes,
            List<Link> links) {}

    public record Link(String traceId, String spanId) {}

    public OtlpReceiver() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/v1/traces", this::take);
        server.start();
    }

    /** Returns the endpoint for the setting of a service. */
    public String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** Returns all spans so far. */
    public List<Received> spans() {
        return List.copyOf(received);
    }

    /** Returns the number of requests so far, answered or not. */
    public int requests() {
        return requests.get();
    }

    /** Answers no request from now on. */
    public void hang() {
        hanging = true;
    }

    /** Waits until a request has come that gets no answer. */
    public void awaitHanging() throws InterruptedException {
        firstHangs.await();
    }

    /** Answers with this status from now on. */
    public void answer(int other) {
        status = other;
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            requests.incrementAndGet();
            if (hanging) {
                firstHangs.countDown();
                closing.await();
                return;
            }
            if (status == 200) {
                ExportTraceServiceRequest.parseFrom(body).getResourceSpansList().forEach(this::keep);
            }
            byte[] answer = ExportTraceServiceResponse.getDefaultInstance().toByteArray();
            exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
            exchange.sendResponseHeaders(status, answer.length == 0 ? -1 : answer.length);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void keep(ResourceSpans spans) {
        Map<String, String> resource = texts(spans.getResource().getAttributesList());
        spans.getScopeSpansList()
                .stream()
                .flatMap(scope -> scope.getSpansList().stream())
                .forEach(span -> received.add(received(resource, span)));
    }

    private static Received received(Map<String, String> resource, Span span) {
        return new Received(
                attribute(resource, "service.name"),
                attribute(resource, "service.instance.id"),
                span.getName(),
                span.getKind().name().replace("SPAN_KIND_", ""),
                hex(span.getTraceId().toByteArray()),
                hex(span.getSpanId().toByteArray()),
                hex(span.getParentSpanId().toByteArray()),
                texts(span.getAttributesList()),
                span.getLinksList()
                        .stream()
                        .map(link -> new Link(hex(link.getTraceId().toByteArray()), hex(link.getSpanId().toByteArray())))
                        .toList());
    }

    private static String attribute(Map<String, String> attributes, String name) {
        @Nullable
        String value = attributes.get(name);
        return value == null ? "" : value;
    }

    private static Map<String, String> texts(List<KeyValue> attributes) {
        return attributes.stream()
                .collect(
                        Collectors.toMap(
                                KeyValue::getKey,
                                attribute -> attribute.getValue().hasStringValue()
                                        ? attribute.getValue().getStringValue()
                                        : Long.toString(attribute.getValue().getIntValue())));
    }

    private static String hex(byte[] id) {
        return HexFormat.of().formatHex(id);
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.close();
    }
}
