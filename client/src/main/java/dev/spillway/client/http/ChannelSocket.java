package dev.spillway.client.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketImpl;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/**
 * Adapts a connected channel to the {@link Socket} that HTTP libraries need, because the JDK has none for Unix sockets. Reads and writes block until
 * the channel is closed or the thread is interrupted; there is no timeout.
 */
final class ChannelSocket extends Socket {
    private final SocketChannel channel;

    ChannelSocket(SocketChannel channel) throws IOException {
        super((@Nullable SocketImpl) null);
        this.channel = channel;
    }

    /** Returns whether the server has neither closed the connection nor sent unexpected bytes. Must not be called during a read or write. */
    boolean isQuiet() {
        try {
            channel.configureBlocking(false);
            boolean quiet = channel.read(ByteBuffer.allocate(1)) == 0;
            channel.configureBlocking(true);
            return quiet;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public InputStream getInputStream() {
        return Channels.newInputStream(channel);
    }

    @Override
    public OutputStream getOutputStream() {
        return Channels.newOutputStream(channel);
    }

    @Override
    public boolean isConnected() {
        return channel.isConnected();
    }

    @Override
    public boolean isClosed() {
        return !channel.isOpen();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public void shutdownInput() throws IOException {
        channel.shutdownInput();
    }

    @Override
    public void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public void setSoTimeout(int millis) {
        // Timeouts are not set here; a deadline closes the channel.
    }

    @Override
    public int getSoTimeout() {
        return 0;
    }

    @Override
    public void setSoLinger(boolean on, int seconds) {
        // No linger is needed, because the caller has read the answer or does not want one.
    }
}
