package dev.spillway.dev.fleet;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Tests on one fleet of two hosts, and a directory to store. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class FleetOfTwo {
    Path scratch;
    FleetInProcess fleet;
    Path tree;

    @BeforeAll
    final void startFleet(@TempDir Path directory) throws Exception {
        scratch = directory;
        fleet = new FleetInProcess(scratch, 2);
        tree = Files.createDirectories(scratch.resolve("tree"));
        Files.writeString(tree.resolve("file"), "content");
    }

    @AfterAll
    final void stopFleet() {
        fleet.close();
    }
}
