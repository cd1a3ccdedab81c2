package dev.spillway.embedded;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.FaultHandlerFactory;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.server.Server;
import kafka.server.SharedServer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.bootstrap.BootstrapMetadata;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.server.ServerSocketFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * A running Kafka broker in this process: one node, broker and KRaft controller at once, bound to 127.0.0.1. Topics
 * must be created explicitly ({@code auto.create.topics.enable} is off).
 *
 * <p>Acknowledged records survive a kill of the process, because the operating system has them. As on every Kafka with
 * default settings, a loss of power can lose records that are not flushed yet. A start after a kill recovers the logs
 * and waits 3 s until the registration of the killed broker has expired.
 *
 * <p>No shutdown hook is registered: the owner decides what stops first, and calls {@link #close()}. Kafka itself
 * ends the whole process when its only log directory can no longer be written. Safe for use by several threads.
 */
public final class KafkaBroker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaBroker.class);
    private static final String NAME = "Kafka";

    private final ServerDirectory directory;
    private final ControllerServer controller;
    private final BrokerServer broker;
    private final int port;
    private final Duration stopTimeout;
    private final CompletableFuture<Void> ended;
    private final Object closing = new Object();
    private boolean closed;

    private KafkaBroker(
            ServerDirectory directory,
            ControllerServer controller,
            BrokerServer broker,
            int port,
            Duration stopTimeout,
            CompletableFuture<Void> ended) {
        this.directory = directory;
        this.controller = controller;
        this.broker = broker;
        this.port = port;
        this.stopTimeout = stopTimeout;
        this.ended = ended;
    }

    /**
     * Starts a broker and returns when it serves clients. Blocks; on a failure nothing is left running.
     *
     * @throws PortInUseException      if a chosen port is taken
     * @throws DirectoryInUseException if another broker, of this process or of another one, has the directory
     * @throws EmbeddedServerException if the broker cannot be formatted or started
     */
    public static KafkaBroker start(EmbeddedKafkaSettings settings) {
        ServerDirectory directory = ServerDirectory.open(NAME, settings.directory(), left -> {});
        boolean started = false;
        try {
            Path data = KafkaStorage.prepare(directory.path());
            try (Listeners listeners = Listeners.bind(settings)) {
                KafkaBroker broker;
                try {
                    broker = assemble(settings, directory, data, listeners);
                } catch (RuntimeException e) {
                    throw new EmbeddedServerException("configuring Kafka on " + data + ": " + e.getMessage(), e);
                }
                broker.startup();
                started = true;
                LOG.info("Kafka serves {} on 127.0.0.1:{}", data, broker.port);
                return broker;
            }
        } finally {
            if (!started) {
                directory.close();
            }
        }
    }

    private static KafkaBroker assemble(EmbeddedKafkaSettings settings, ServerDirectory directory, Path data, Listeners listeners) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        KafkaConfig config = new KafkaConfig(KafkaProperties.of(settings, data, listeners.port(), listeners.controllerPort()), false);
        Tuple2<MetaPropertiesEnsemble, BootstrapMetadata> loaded = KafkaRaftServer.initializeLogDirs(config, LOG, "");
        MetaPropertiesEnsemble ensemble = loaded._1();
        SharedServer shared = new SharedServer(
                config,
                ensemble,
                Time.SYSTEM,
                Server.initializeMetrics(config, Time.SYSTEM, ensemble.clusterId().orElseThrow()),
                CompletableFuture.completedFuture(Map.of(KafkaProperties.NODE_ID, LoopbackPort.address(listeners.controllerPort()))),
                List.of(),
                faultHandlers(ended),
                listeners);
        ControllerServer controller = new ControllerServer(shared, KafkaRaftServer.configSchema(), loaded._2());
        return new KafkaBroker(directory, controller, new BrokerServer(shared), listeners.port(), settings.stopTimeout(), ended);
    }

    /** Returns handlers that complete {@link #ended()}. Kafka's own handlers would end the whole process on a fatal fault. */
    private static FaultHandlerFactory faultHandlers(CompletableFuture<Void> ended) {
        return (name, fatal, action) -> (message, cause) -> {
            EmbeddedServerException fault =
                    new EmbeddedServerException("Kafka, " + name + ": " + message + (cause == null ? "" : ": " + cause), cause);
            LOG.error("{}", fault.getMessage(), cause);
            action.run();
            if (fatal) {
                ended.completeExceptionally(fault);
            }
            return fault;
        };
    }

    private void startup() {
        boolean started = false;
        try {
            controller.startup();
            broker.startup();
            started = true;
        } catch (Exception e) { // Scala declares nothing of what it throws
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw new EmbeddedServerException("starting Kafka on " + directory.path() + ": " + e.getMessage(), e);
        } finally {
            if (!started) {
                stopServers();
            }
        }
    }

    /**
     * Stops the servers in a thread of its own, because Kafka does not bound the time of a whole stop, and does not finish
     * a stop on an interrupted thread.
     */
    private void stopServers() {
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> {
            try {
                broker.shutdown(stopTimeout);
            } finally {
                controller.shutdown();
            }
        }, task -> Thread.ofPlatform().daemon().name("kafka-stop").start(task));
        boolean interrupted = false;
        long deadline = System.nanoTime() + 2 * stopTimeout.toNanos();
        try {
            while (true) {
                try {
                    stopped.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            throw new EmbeddedServerException("stopping Kafka on " + directory.path() + ": " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new EmbeddedServerException("Kafka on " + directory.path() + " did not stop within " + stopTimeout.multipliedBy(2), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns host and port for {@code bootstrap.servers}. */
    public String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    /** Returns the cluster id, which is drawn when the directory is formatted. */
    public String clusterId() {
        return broker.clusterId();
    }

    /** Returns the directory with all files of this broker. */
    public Path directory() {
        return directory.path();
    }

    /**
     * Completes when the broker has ended: normally after {@link #close()}, with an {@link EmbeddedServerException}
     * after a fault that it cannot go on with.
     */
    public CompletionStage<Void> ended() {
        return ended.minimalCompletionStage();
    }

    /**
     * Stops the broker and releases its directory; deletes a temporary one. Takes at most twice the settings' stop
     * timeout; on return the ports are free. Later calls do nothing; concurrent calls wait. An interrupt does not end it
     * early.
     *
     * @throws EmbeddedServerException if the broker did not stop in time; its directory then stays held until this
     *                                 process ends
     */
    @Override
    public void close() {
        synchronized (closing) {
            if (closed) {
                return;
            }
            closed = true;
            stopServers();
            directory.close();
        }
        ended.complete(null);
    }

    /**
     * The two listening sockets. They are bound before the broker is configured, so that the free ports are known and
     * taken, and a busy port is an error before anything starts.
     */
    private static final class Listeners implements ServerSocketFactory, AutoCloseable {
        private final Map<Integer, ServerSocketChannel> unused = new ConcurrentHashMap<>();
        private final int port;
        private final int controllerPort;

        private Listeners(ServerSocketChannel clients, ServerSocketChannel controller) {
            port = clients.socket().getLocalPort();
            controllerPort = controller.socket().getLocalPort();
            unused.put(port, clients);
            unused.put(controllerPort, controller);
        }

        static Listeners bind(EmbeddedKafkaSettings settings) {
            ServerSocketChannel clients = LoopbackPort.bind(NAME, settings.port());
            try {
                return new Listeners(clients, LoopbackPort.bind("Kafka controller", settings.controllerPort()));
            } catch (EmbeddedServerException e) {
                try {
                    clients.close();
                } catch (IOException suppressed) {
                    e.addSuppressed(suppressed);
                }
                throw e;
            }
        }

        int port() {
            return port;
        }

        int controllerPort() {
            return controllerPort;
        }

        @Override
        public ServerSocketChannel openServerSocket(String listenerName, InetSocketAddress address, int backlog, int receiveBufferBytes)
                throws IOException {
            ServerSocketChannel channel = unused.remove(address.getPort());
            if (channel == null) {
                throw new IOException("listener " + listenerName + " at " + address + " was not bound beforehand");
            }
            channel.configureBlocking(false);
            return channel;
        }

        @Override
        public void close() {
            for (ServerSocketChannel channel : unused.values()) {
                try {
                    channel.close();
                } catch (IOException e) {
                    throw new EmbeddedServerException("closing a listener of Kafka: " + e, e);
                }
            }
        }
    }
}
