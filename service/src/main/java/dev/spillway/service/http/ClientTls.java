package dev.spillway.service.http;

import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS of a service as a client of others. The files are read again while it is used. A renewal creates a new context, because the former one would
 * resume sessions that were opened with the former certificate. Thread-safe.
 */
public final class ClientTls implements Supplier<SSLContext> {
    private static final Logger LOG = LoggerFactory.getLogger(ClientTls.class);

    private record Contents(Buffer authority, TlsFiles.@Nullable Contents own) {}

    private record Used(Contents contents, SSLContext context) {}

    private final Path authority;
    private final Optional<TlsFiles> own;
    private final UnusableFiles unusable;
    private final ReentrantLock reading = new ReentrantLock();
    private volatile Used used;
    private volatile long readAt;

    /**
     * Reads the files.
     *
     * @param authority PEM file of the only authorities whose certificates are trusted for servers
     * @param own certificate and key for servers that request a client certificate
     * @throws IOException if a file cannot be read, with its name
     */
    public ClientTls(Path authority, Optional<TlsFiles> own) throws IOException {
        this.authority = authority;
        this.own = own;
        this.unusable = new UnusableFiles(authority + ": not renewed, the former certificates are used");
        this.used = used(read());
        this.readAt = System.nanoTime();
    }

    private Contents read() throws IOException {
        return new Contents(TlsFiles.read(authority), own.isPresent() ? own.get().read() : null);
    }

    private Used used(Contents contents) throws IOException {
        if (own.isPresent() && contents.own() != null) {
            own.get().requirePair(contents.own());
        }
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(
                    contents.own() == null ? new KeyManager[0] : contents.own().keyManagers(),
                    new TrustManager[]{TlsFiles.believing(authority, contents.authority())},
                    null);
            return new Used(contents, context);
        } catch (GeneralSecurityException e) {
            throw new IOException("%s: %s (expected: certificates in PEM)".formatted(authority, e.getMessage()), e);
        }
    }

    /** Returns the context for the present content of the files, or for that of some seconds ago. May block to read the files. */
    @Override
    public SSLContext get() {
        if (System.nanoTime() - readAt > TlsFiles.READ_EVERY.toNanos() && reading.tryLock()) {
            Contents contents = null;
            try {
                contents = read();
                if (!contents.equals(used.contents())) {
                    if (own.isPresent() && contents.own() != null) {
                        own.get().requireValid(contents.own());
                    }
                    used = used(contents);
                    LOG.info("{}: new certificates are used", authority);
                }
                unusable.over();
            } catch (IOException e) {
                unusable.tell(contents, e);
            } finally {
                readAt = System.nanoTime();
                reading.unlock();
            }
        }
        return used.context();
    }
}
