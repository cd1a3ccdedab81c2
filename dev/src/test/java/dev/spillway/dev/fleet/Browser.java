package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Scripts that drive Chromium, in a folder with the packages that they need. Skips the test where Chromium or npm are missing. */
final class Browser {
    private static final Path SOURCES = Path.of("src/test").toAbsolutePath();
    /** Starts Chromium, for scripts of all folders. */
    private static final Path LAUNCHER = SOURCES.resolve("console/browser.mjs");

    private final Path folder;

    /** The output of a program, and its exit code. */
    record Ran(int exitCode, String output) {}

    private Browser(Path folder) {
        this.folder = folder;
    }

    /** Copies the scripts of a folder of the tests, and installs their packages there. */
    static Browser prepare(Path scratch, String scripts) throws IOException, InterruptedException {
        Browser browser = new Browser(Files.createDirectory(scratch.resolve("browser")));
        assumeTrue(browser.succeeds("chromium", "--version"), "skipped: chromium is not there");
        assumeTrue(browser.succeeds("npm", "--version"), "skipped: npm is not there");
        List<Path> files = new ArrayList<>(List.of(LAUNCHER));
        try (Stream<Path> found = Files.list(SOURCES.resolve(scripts))) {
            found.filter(Files::isRegularFile).forEach(files::add);
        }
        for (Path file : files) {
            Files.copy(file, browser.folder.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
        Ran installed = browser.run("npm", "ci", "--no-progress");
        assertThat(installed.exitCode()).as(installed.output()).isZero();
        return browser;
    }

    private boolean succeeds(String... command) throws InterruptedException {
        try {
            return run(command).exitCode() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    Ran run(String... command) throws IOException, InterruptedException {
        Path output = folder.resolve("output.log");
        Process process =
                new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        boolean ended = process.waitFor(Eventually.HANG.toSeconds(), TimeUnit.SECONDS);
        if (!ended) {
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroy();
        }
        String said = Files.readString(output);
        assertThat(ended).as(String.join(" ", command) + ": " + said).isTrue();
        return new Ran(process.exitValue(), said);
    }

    Path folder() {
        return folder;
    }
}
