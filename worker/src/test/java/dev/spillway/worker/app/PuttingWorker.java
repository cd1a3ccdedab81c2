package dev.spillway.worker.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import static dev.spillway.worker.app.RunningWorker.entry;
import static org.assertj.core.api.Assertions.assertThat;

/** A worker that puts, moves and deletes on several threads, and tells each change that was answered, until it is killed. */
final class PuttingWorker {
    private static final int FILES = 24;

    private PuttingWorker() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        Files.createDirectories(folder.resolve("sources"));
        Path copied = tree(folder.resolve("copied-" + UUID.randomUUID()));
        try (RunningWorker worker = new RunningWorker(folder.resolve("store"), arguments[1], Map.of()).joined();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Object>> running = List.of(threads.submit(() -> {
                for (int number = 0;; number++) {
                    tell(worker.store("k" + number % 9, copied).status());
                }
            }), threads.submit(() -> {
                for (int number = 0;; number++) {
                    tell(worker.store("k" + number % 4, copied).status());
                    worker.delete(entry("k" + number % 5));
                }
            }), threads.submit(() -> {
                while (true) {
                    String key = UUID.randomUUID().toString();
                    Path source = tree(folder.resolve("made-" + key));
                    Files.writeString(folder.resolve("made"), key + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                    Path offered = Files.move(source, folder.resolve("sources").resolve(key));
                    tell(
                            worker.put("/v1/directories/moved/entries/" + key, "{\"sourceDir\":\"" + offered + "\",\"mode\":\"move\"}")
                                    .status());
                }
            }));
            for (Future<Object> each : running) {
                each.get();
            }
        }
    }

    private static synchronized void tell(int status) {
        System.out.println(status);
    }

    static Path tree(Path path) throws IOException {
        for (int number = 0; number < FILES; number++) {
            Files.createDirectories(path.resolve("d" + number % 3));
            Files.writeString(path.resolve("d" + number % 3).resolve("f" + number), "content " + number);
        }
        return path;
    }

    static void assertWhole(Path path) throws IOException {
        for (int number = 0; number < FILES; number++) {
            assertThat(path.resolve("d" + number % 3).resolve("f" + number)).hasContent("content " + number);
        }
        assertThat(RunningWorker.names(path)).containsExactly("d0", "d1", "d2");
    }
}
