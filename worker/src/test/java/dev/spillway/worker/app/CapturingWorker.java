package dev.spillway.worker.app;

import java.nio.file.Path;
import java.util.Map;
import java.util.random.RandomGenerator;

import static org.assertj.core.api.Assertions.assertThat;

/** A worker that captures and restores pagers until it is killed. Tells of each capture and each restore that was answered. */
final class CapturingWorker {
    private CapturingWorker() {}

    /** @param arguments the folder of the test, and the address of the coordinator */
    public static void main(String[] arguments) throws Exception {
        try {
            run(arguments);
        } finally {
            // The worker's threads would keep a process whose work failed.
            Runtime.getRuntime().halt(1);
        }
    }

    private static void run(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        RandomGenerator random = RandomGenerator.getDefault();
        RunningWorker worker = new RunningWorker(folder.resolve("store"), arguments[1], settings(folder)).joined();
        Pages.filled(worker, "engine", 300, random.nextLong());
        for (int number = 0; true; number++) {
            assertThat(Pages.write(worker, "engine", Integer.toString(random.nextInt(300)), Pages.content(1, random.nextLong())).status())
                    .isEqualTo(204);
            assertThat(Pages.capture(worker, "engine", "key-" + number % 5).status()).isEqualTo(200);
            System.out.println("captured");
            assertThat(Pages.post(worker, "/v1/pagers", Pages.creation("other", 300).put("file", true)).status()).isEqualTo(201);
            assertThat(Pages.restore(worker, "other", "key-" + number % 5).status()).isEqualTo(200);
            assertThat(worker.delete("/v1/pagers/other").status()).isEqualTo(204);
            System.out.println("restored");
        }
    }

    static Map<String, String> settings(Path folder) {
        // A restore that is killed leaves its hold for that long.
        return Map.of("pager-files", folder.resolve("shm").toString(), "archive-hold", "5s");
    }
}
