package dev.spillway.worker.app;

import dev.spillway.worker.filesystem.Machine;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A worker in a process of its own. Prints one line: where it listens, or why it did not start. */
final class WorkerProcess {
    private WorkerProcess() {}

    /** Returns the command that runs a class that starts a worker in a process of its own. */
    static ProcessBuilder command(Class<?> main, String... arguments) {
        return Machine.java(List.of("--sun-misc-unsafe-memory-access=allow", "-XX:TieredStopAtLevel=1"), main, arguments);
    }

    /** @param arguments the store, the coordinator, Kafka */
    public static void main(String[] arguments) throws Exception {
        try (RunningWorker worker = new RunningWorker(Path.of(arguments[0]), arguments[1], Map.of("kafka-servers", arguments[2]))) {
            System.out.println(worker.worker.address());
            new CountDownLatch(1).await();
        } catch (Exception e) {
            System.out.println("failed: " + e.getMessage());
        }
    }
}
