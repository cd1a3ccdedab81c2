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

/** The log files of a development fleet: one for each run. */
final class LogFiles {
    private static final String PREFIX = "spillway-";
    private static final String SUFFIX = ".log";
    private static final int KEPT = 5;
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private LogFiles() {}

    /** Returns a new file name in the directory, and deletes all but a few older files. */
    static Path next(Path directory) throws IOException {
        Files.createDirectories(directory);
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> older = files.filter(LogFiles::isLog).sorted(Comparator.<Path>naturalOrder().reversed()).skip(KEPT - 1L).toList();
            for (Path file : older) {
                Files.deleteIfExists(file);
            }
        }
        return directory.resolve(PREFIX + STAMP.format(Instant.now()) + SUFFIX);
    }

    private static boolean isLog(Path file) {
        String name = file.getFileName().toString();
        return name.startsWith(PREFIX) && name.endsWith(SUFFIX);
    }
}
