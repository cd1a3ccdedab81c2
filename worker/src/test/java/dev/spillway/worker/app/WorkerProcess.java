package dev.spillway.worker.app;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A worker in a process of its own. Prints one line: where it listens, or why it did not start. */
final class WorkerProcess {
    private WorkerProcess() {}

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
