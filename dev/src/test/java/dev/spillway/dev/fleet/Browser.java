package dev.spillway.dev.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Scripts that drive Chromium, in a folder with what they need from npm. Skips the test where Chromium or npm are missing. */
final class Browser {
    private static final Path SOURCES = Path.of("src/test/console").toAbsolutePath();

    private final Path folder;

    /** The output of a program, and its exit code. */
    record Ran(int exitCode, String output) {}

    private Browser(Path folder) {
        this.folder = folder;
    }

    /** Makes a folder below {@code scratch} for one script. */
    static Browser prepare(Path scratch, String script) throws IOException, InterruptedException {
        Browser browser = new Browser(Files.createDirectory(scratch.resolve("browser")));
        assumeTrue(browser.succeeds("chromium", "--version"), "skipped: chromium is not there");
        assumeTrue(browser.succeeds("npm", "--version"), "skipped: npm is not there");
        for (String name : List.of("package.json", "package-lock.json", ".npmrc", "browser.mjs", script)) {
            Files.copy(SOURCES.resolve(name), browser.folder.resolve(name));
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
        assertThat(process.waitFor(Eventually.HANG.toSeconds(), TimeUnit.SECONDS)).as(String.join(" ", command)).isTrue();
        return new Ran(process.exitValue(), Files.readString(output));
    }

    Path folder() {
        return folder;
    }
}
