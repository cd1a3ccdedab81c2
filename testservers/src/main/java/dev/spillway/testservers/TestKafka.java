package dev.spillway.testservers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;

/** A Kafka broker without topics, which keeps its data over a stop and a start. It never creates topics by itself. */
public interface TestKafka extends AutoCloseable {
    /**
     * Starts the broker of a test class and returns when it serves.
     *
     * @param test      test class; its annotations decide whether the broker is embedded or in a container
     * @param directory keeps the data of an embedded broker; a container keeps them itself
     * @param port      port on loopback
     */
    static TestKafka start(Class<?> test, Path directory, int port) {
        return test.isAnnotationPresent(InContainers.class) ? new ContainerKafka(port) : new EmbeddedKafka(directory, port);
    }

    /** Does the same as {@link #start(Class, Path, int)}, on a free port. */
    static TestKafka start(Class<?> test, Path directory) {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException("looking for a free port", e);
        }
        return start(test, directory, port);
    }

    /** Returns host and port for {@code bootstrap.servers}, which stay the same after {@link #start()}. */
    String bootstrapServers();

    /** Stops the broker, and returns when nothing listens any more. */
    void stop();

    /** Starts a stopped broker again with its data, on the same port, and returns when it serves. Does nothing if it runs. */
    void start();

    /** Stops the broker for good. Closing a second time does nothing. */
    @Override
    void close();
}
