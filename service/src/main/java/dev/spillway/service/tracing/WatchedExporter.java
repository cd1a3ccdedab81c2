package dev.spillway.service.tracing;

import dev.spillway.service.ConnectionTrouble;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.URI;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Exports spans. Logs once when this begins to fail and once when it works again; the wrapped exporter would log every minute. */
final class WatchedExporter implements SpanExporter {
    private static final Logger LOG = LoggerFactory.getLogger(WatchedExporter.class);

    private final SpanExporter exporter;
    private final URI endpoint;
    private final AtomicBoolean failing = new AtomicBoolean();

    WatchedExporter(SpanExporter exporter, URI endpoint) {
        this.exporter = exporter;
        this.endpoint = endpoint;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        CompletableResultCode result = exporter.export(spans);
        return result.whenComplete(() -> {
            if (result.isSuccess()) {
                worked();
            } else {
                failed(result.getFailureThrowable());
            }
        });
    }

    private void worked() {
        if (failing.compareAndSet(true, false)) {
            LOG.info("traces go to {} again", endpoint);
        }
    }

    private void failed(@Nullable Throwable cause) {
        if (failing.compareAndSet(false, true)) {
            LOG.warn("traces are lost, {} does not take them: {}", endpoint, inWords(cause));
        }
    }

    /** Describes the network trouble. Without one, the receiver has answered with an error, whose status the exporter does not tell. */
    private static String inWords(@Nullable Throwable cause) {
        if (cause == null) {
            return "no answer in time";
        }
        return cause.getCause() == null ? "refused" : ConnectionTrouble.inWords(cause);
    }

    @Override
    public CompletableResultCode flush() {
        return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return exporter.shutdown();
    }
}
