package dev.spillway.dev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** Where a service's log goes. To be called before anything logs, because the backend reads its settings once. */
public final class Logging {
    private static final String PREFIX = "spillway-";
    private static final String SUFFIX = ".log";
    private static final int KEPT = 5;
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private Logging() {}

    /** Libraries that log by other ways are taken in. */
    public static void ofService() {
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    /** As {@link #ofService}, into a new file in the directory, with more of what libraries say; of older files a few are kept. */
    public static Path intoFileIn(Path directory) throws IOException {
        Files.createDirectories(directory);
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> older = files.filter(Logging::isLog).sorted(Comparator.<Path>naturalOrder().reversed()).skip(KEPT - 1L).toList();
            for (Path file : older) {
                Files.deleteIfExists(file);
            }
        }
        Path file = directory.resolve(PREFIX + STAMP.format(Instant.now()) + SUFFIX);
        System.setProperty("org.slf4j.simpleLogger.logFile", file.toString());
        for (String library : List.of("org.apache.kafka", "kafka", "com.zaxxer.hikari")) {
            System.setProperty("org.slf4j.simpleLogger.log." + library, "warn");
        }
        ofService();
        return file;
    }

    private static boolean isLog(Path file) {
        String name = file.getFileName().toString();
        return name.startsWith(PREFIX) && name.endsWith(SUFFIX);
    }
}
