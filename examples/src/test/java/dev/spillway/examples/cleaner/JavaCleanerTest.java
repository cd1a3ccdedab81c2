package dev.spillway.examples.cleaner;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;

@Tag("full")
class JavaCleanerTest extends CleanerContract {
    @Override
    List<String> command(String kafka, String registry, String namespace, Path folder, String group) {
        return List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.spillway.examples.cleaner.Cleaner",
                kafka,
                registry,
                namespace,
                folder.toString(),
                group);
    }
}
