package dev.spillway.service;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A process for tests: says what it does on its standard output. Its argument says how it behaves when it is told to stop. */
final class SleepyService {
    private SleepyService() {}

    public static void main(String[] arguments) {
        // As a library would: runs only after the parts have closed.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
        int code = ServiceProcess.run("sleepy", Duration.ofSeconds(arguments[0].equals("stuck") ? 1 : 20), System.out, lifecycle -> {
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
        System.out.println("code " + code);
        System.exit(code);
    }
}
