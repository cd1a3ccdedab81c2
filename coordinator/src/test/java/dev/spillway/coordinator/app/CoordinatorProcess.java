package dev.spillway.coordinator.app;

import dev.spillway.service.settings.Sources;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A coordinator in a process of its own. Prints one line: where it listens, or why it did not start. */
final class CoordinatorProcess {
    private CoordinatorProcess() {}

    /** @param arguments {@code name=value} of each setting */
    public static void main(String[] arguments) throws Exception {
        Map<String, String> settings = new HashMap<>();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            settings.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        try (Coordinator coordinator = Coordinator.start(CoordinatorSettings.read(Sources.of(settings)))) {
            System.out.println(coordinator.address());
            new CountDownLatch(1).await();
        } catch (Exception e) {
            System.out.println("failed: " + e.getMessage());
        }
    }
}
