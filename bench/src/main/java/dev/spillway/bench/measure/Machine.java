package dev.spillway.bench.measure;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The machine of a measurement.
 *
 * @param fileSystem  file system of the databases
 * @param heapMax     largest heap of this process, which is client and coordinator in one
 * @param loadAtStart load average of the last minute before; 0 on a quiet machine, below 0 if the system does not report it
 */
public record Machine(
        int cores,
        String processor,
        long memoryBytes,
        String kernel,
        String jdk,
        String fileSystem,
        long heapMax,
        double loadAtStart) {
    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    /** Reads this machine's data. */
    public static Machine read(Path data) {
        long memory = ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
        return new Machine(
                Runtime.getRuntime().availableProcessors(),
                processorName(),
                memory,
                property("os.name") + " " + property("os.version") + " " + property("os.arch"),
                property("java.vendor") + " " + Runtime.version(),
                fileSystemType(data),
                Runtime.getRuntime().maxMemory(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    private static String property(String name) {
        return System.getProperty(name, "unknown");
    }

    private static String processorName() {
        try (Stream<String> lines = Files.lines(PROCESSORS)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }

    private static String fileSystemType(Path data) {
        try {
            return Files.getFileStore(data).type();
        } catch (IOException e) {
            return "unknown";
        }
    }
}
