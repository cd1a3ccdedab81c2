package dev.spillway.bench.http;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.atomic.LongAdder;

/** Clients that live for one read, as a compiler cache's do: connect, get, close. */
final class ShortLivedClients implements Load {
    private static final int GREETING = 4;

    private final SocketAddress address;
    private final byte[] request;
    private final int bytes;
    private final boolean helper;
    private final LongAdder answered = new LongAdder();

    private ShortLivedClients(SocketAddress address, byte[] request, int bytes, boolean helper) {
        this.address = address;
        this.request = request;
        this.bytes = bytes;
        this.helper = helper;
    }

    /** Asks by the protocol of ccache's storage helpers. */
    static ShortLivedClients helper(Path socket, String hexKey, int bytes) {
        byte[] key = HexFormat.of().parseHex(hexKey);
        return new ShortLivedClients(
                UnixDomainSocketAddress.of(socket),
                ByteBuffer.allocate(2 + key.length).put((byte) 0).put((byte) key.length).put(key).array(),
                bytes,
                true);
    }

    static ShortLivedClients http(String address, String path, int bytes) {
        int colon = address.lastIndexOf(':');
        return new ShortLivedClients(
                new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))),
                "GET %s HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n".formatted(path).getBytes(StandardCharsets.US_ASCII),
                bytes,
                false);
    }

    @Override
    public void prepare() {
        answered.reset();
    }

    @Override
    public MeasuredOperation caller(int number) {
        ByteBuffer buffer = ByteBuffer.allocate(bytes + (8 << 10)).order(ByteOrder.nativeOrder());
        return () -> {
            try (SocketChannel channel = open()) {
                buffer.clear();
                if (helper) {
                    read(channel, buffer, GREETING);
                    channel.write(ByteBuffer.wrap(request));
                    buffer.clear();
                    read(channel, buffer, 1 + Long.BYTES);
                    requireBytes(buffer.get(0) == 0 ? buffer.getLong(1) : -1);
                    buffer.clear();
                    read(channel, buffer, bytes);
                } else {
                    channel.write(ByteBuffer.wrap(request));
                    readToEnd(channel, buffer);
                }
            }
            answered.increment();
            return MeasuredOperation.Outcome.DONE;
        };
    }

    private SocketChannel open() throws IOException {
        if (!helper) {
            return SocketChannel.open(address);
        }
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(address);
        return channel;
    }

    private static void read(SocketChannel channel, ByteBuffer into, int length) throws IOException {
        into.limit(length);
        while (into.hasRemaining()) {
            if (channel.read(into) < 0) {
                throw new EOFException("an answer ended after %d bytes (expected: %d)".formatted(into.position(), length));
            }
        }
    }

    private void readToEnd(SocketChannel channel, ByteBuffer into) throws IOException {
        while (channel.read(into) >= 0) {
            if (!into.hasRemaining()) {
                throw new BenchmarkFailedException("an answer of over %d bytes".formatted(into.capacity()));
            }
        }
        String answer = StandardCharsets.ISO_8859_1.decode(into.flip()).toString();
        requireBytes(answer.startsWith("HTTP/1.1 200") ? answer.length() - answer.indexOf("\r\n\r\n") - 4 : -1);
    }

    private void requireBytes(long received) {
        if (received != bytes) {
            throw new BenchmarkFailedException("an answer of %d bytes, -1 for none (expected: %d)".formatted(received, bytes));
        }
    }

    @Override
    public void verify(long done) {
        if (answered.sum() != done) {
            throw new BenchmarkFailedException("%d answers to %d clients".formatted(answered.sum(), done));
        }
    }
}
