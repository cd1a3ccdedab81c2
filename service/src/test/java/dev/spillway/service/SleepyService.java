package dev.spillway.service;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A process for tests that prints its steps on standard output. Its argument selects how it starts and stops. */
final class SleepyService {
    private SleepyService() {}

    public static void main(String[] arguments) throws InterruptedException {
        // A library may add such a hook. It must run only after the parts have closed.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
        var children = new ArrayList<Process>();
        int code = ServiceProcess.run("sleepy", Duration.ofSeconds(arguments[0].startsWith("stuck") ? 1 : 300), System.out, lifecycle -> {
            if (arguments[0].equals("stuck child")) {
                lifecycle.start("servers", () -> {
                    var child = deaf();
                    children.add(child);
                    return () -> {
                        child.destroy();
                        child.waitFor();
                    };
                });
            }
            lifecycle.start("database", () -> () -> System.out.println("database closed"));
            lifecycle.start("http", () -> () -> {
                if (arguments[0].equals("stuck")) {
                    System.out.println("closing");
                    new CountDownLatch(1).await();
                }
                System.out.println("http closed");
            });
            if (arguments[0].equals("waiting")) {
                System.out.println("ready");
                new CountDownLatch(1).await();
            }
            System.out.println("ready");
        });
        for (Process child : children) {
            System.out.println("child " + (child.waitFor(5, TimeUnit.MINUTES) ? "ended with " + child.exitValue() : "lives"));
        }
        System.out.println("code " + code);
        System.exit(code);
    }

    /** Starts a process that ignores SIGTERM, and returns once it does so. */
    private static Process deaf() throws IOException {
        var child = new ProcessBuilder("sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 1; done").start();
        var said = child.inputReader(StandardCharsets.UTF_8).readLine();
        if (!"deaf".equals(said)) {
            throw new IOException("child: " + said + " (expected: deaf)");
        }
        return child;
    }
}
