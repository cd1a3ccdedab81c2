package dev.spillway.testservers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** Measures how long recoveries take, for a table of docs/operations.md. No time decides a test. */
public final class RecoveryTimes {
    private static final Path FILE = Path.of("target/recovery-times.md");

    private RecoveryTimes() {}

    /** Waits for the recovery, or throws. */
    @FunctionalInterface
    public interface Recovery {
        void await() throws Exception;
    }

    /**
     * Waits for a recovery, and appends its time to {@code target/recovery-times.md} of the test's module.
     *
     * @param what the fault, and the condition of the recovery, with {@code |} between them
     */
    public static void timed(String what, Recovery recovery) throws Exception {
        long begin = System.nanoTime();
        recovery.await();
        note(what, begin);
    }

    /** Appends the time since a moment of {@link System#nanoTime}. */
    public static void note(String what, long begin) throws IOException {
        String row = String.format(Locale.ROOT, "| %s | %.1f |%n", what, (System.nanoTime() - begin) / 1e9);
        Files.writeString(FILE, row, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
