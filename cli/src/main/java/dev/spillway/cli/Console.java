package dev.spillway.cli;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Where a command reads and prints.
 *
 * @param out      results, UTF-8 whatever the locale says: keys are UTF-8
 * @param err      everything else
 * @param terminal whether a person watches {@code err}, so that a line may be rewritten to show progress
 */
public record Console(PrintStream out, PrintStream err, BufferedReader in, boolean terminal) {

    /** Of this process. */
    public static Console ofProcess() {
        return new Console(stream(FileDescriptor.out), stream(FileDescriptor.err),
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)), isTerminal());
    }

    @SuppressWarnings("SystemConsoleNull") // It returns null wherever standard input or output is no terminal, and its own provider is the JDK's default.
    private static boolean isTerminal() {
        var console = System.console();
        return console != null && console.isTerminal();
    }

    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }

    /** Shows how far long work is, on a terminal alone, over what was shown before. */
    public void progress(String line) {
        if (terminal) {
            err.print("\r\033[K" + line);
            err.flush();
        }
    }

    /** Takes the progress away. */
    public void progressEnded() {
        progress("");
    }
}
