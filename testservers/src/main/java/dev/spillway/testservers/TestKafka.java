package dev.spillway.testservers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;

/** A Kafka broker without topics, which can be stopped and started again with what it stores. Topics are never made by a client's mistake. */
public interface TestKafka extends AutoCloseable {
    /**
     * Starts the broker of a test class and returns when it serves.
     *
     * @param test      decides where it runs
     * @param directory keeps what an embedded one stores; a container keeps that itself
     * @param port      on loopback
     */
    static TestKafka start(Class<?> test, Path directory, int port) {
        return test.isAnnotationPresent(InContainers.class) ? new ContainerKafka(port) : new EmbeddedKafka(directory, port);
    }

    /** As {@link #start(Class, Path, int)}, on a port that is free. */
    static TestKafka start(Class<?> test, Path directory) {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException("looking for a free port", e);
        }
        return start(test, directory, port);
    }

    /** Host and port for {@code bootstrap.servers}, the same after {@link #start()}. */
    String bootstrapServers();

    /** Returns when nothing listens any more. */
    void stop();

    /** Starts it where it stopped, on the same port, and returns when it serves. Does nothing if it runs. */
    void start();

    /** Removes it with what it stores. Does nothing if it is gone. */
    @Override
    void close();
}
