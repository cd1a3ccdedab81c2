package dev.spillway.examples.cleaner;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

import static org.assertj.core.api.Assertions.assertThat;

/** Skipped, saying so, where the two Debian packages are missing. */
@Tag("full")
class PythonCleanerTest extends CleanerContract {
    private static final Path EXAMPLE = Path.of("cleaner", "cleaner.py");
    private static final Path SCHEMA = Path.of(
            "..",
            "schemas",
            "src",
            "main",
            "resources",
            "dev",
            "spillway",
            "schemas",
            "events",
            "eviction.v1.json");

    private static String python = "";

    @BeforeAll
    static void findPython() throws InterruptedException {
        // Debian's own first: another one on the PATH does not see Debian's packages.
        for (String each : List.of("/usr/bin/python3", "python3")) {
            try {
                if (new ProcessBuilder(each, "-c", "import confluent_kafka, jsonschema").start().waitFor() == 0) {
                    python = each;
                    return;
                }
            } catch (IOException e) {
                System.err.println(each + ": " + e.getMessage());
            }
        }
        Assumptions.abort(
                "skipped: no Python with confluent_kafka and jsonschema:"
                        + " apt-get install python3-confluent-kafka python3-jsonschema");
    }

    @Override
    List<String> command(String kafka, String registry, String namespace, Path folder, String group) {
        assertThat(EXAMPLE).isRegularFile();
        assertThat(SCHEMA).isRegularFile();
        return List.of(
                python,
                EXAMPLE.toString(),
                "--kafka",
                kafka,
                "--registry",
                registry,
                "--namespace",
                namespace,
                "--folder",
                folder.toString(),
                "--schema",
                SCHEMA.toString(),
                "--group",
                group);
    }
}
