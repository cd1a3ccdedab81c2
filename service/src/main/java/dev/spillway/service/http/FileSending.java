package dev.spillway.service.http;

import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sends a part of a file by the system's sendfile. Vert.x reports only that all is sent, and its idle timeouts also end slow handlers. So this
 * channel observes the transfers of the server, and ends the connection of a client that reads nothing for too long.
 */
final class FileSending extends FileChannel {
    private final FileChannel file;
    private final AtomicLong taken = new AtomicLong();

    private FileSending(FileChannel file) {
        this.file = file;
    }

    /** Sends a part of a file, and returns when all is sent. The head of the response must be set before. */
    static void send(HttpServerResponse response, FileChannel file, long offset, long length, Duration pauseMax) throws IOException {
        var sending = new FileSending(file);
        try {
            sending.await(response.sendFile(sending, offset, length).toCompletionStage().toCompletableFuture(), pauseMax);
        } catch (IllegalStateException e) {
            if (response.closed()) {
                throw new ClientGoneException("the client is gone", e);
            }
            throw e;
        }
    }

    private void await(CompletableFuture<Void> sent, Duration pauseMax) throws IOException {
        while (true) {
            long before = taken.get();
            try {
                sent.get(pauseMax.toNanos(), TimeUnit.NANOSECONDS);
                return;
            } catch (TimeoutException e) {
                if (taken.get() == before) {
                    throw new ClientGoneException("the client took nothing for " + pauseMax, e);
                }
            } catch (ExecutionException e) {
                throw new ClientGoneException("the client is gone", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("the client is gone, or the service stops");
            }
        }
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
        long transferred = file.transferTo(position, count, target);
        taken.addAndGet(transferred);
        return transferred;
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
        int read = file.read(into, position);
        taken.addAndGet(Math.max(0, read));
        return read;
    }

    private static UnsupportedOperationException unexpected() {
        return new UnsupportedOperationException("a file that is sent (expected: transfers and reads at a position)");
    }

    @Override
    public int read(ByteBuffer into) {
        throw unexpected();
    }

    @Override
    public long read(ByteBuffer[] into, int offset, int length) {
        throw unexpected();
    }

    @Override
    public int write(ByteBuffer from) {
        throw unexpected();
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) {
        throw unexpected();
    }

    @Override
    public int write(ByteBuffer from, long position) {
        throw unexpected();
    }

    @Override
    public long position() {
        throw unexpected();
    }

    @Override
    public FileChannel position(long newPosition) {
        throw unexpected();
    }

    @Override
    public FileChannel truncate(long size) {
        throw unexpected();
    }

    @Override
    public void force(boolean metaData) {
        throw unexpected();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count) {
        throw unexpected();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) {
        throw unexpected();
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) {
        throw unexpected();
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) {
        throw unexpected();
    }

    @Override
    protected void implCloseChannel() {
        // The caller that opened the file closes it.
    }
}
