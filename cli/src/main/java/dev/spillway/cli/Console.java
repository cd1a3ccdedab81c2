package dev.spillway.cli;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine.Help.Ansi.Style;

/**
 * The input and output of a command.
 *
 * @param out      results, always in UTF-8, because keys are UTF-8
 * @param err      everything else
 * @param terminal whether both are a terminal, so that lines may be rewritten
 * @param colours  whether colours are used
 */
public record Console(PrintStream out, PrintStream err, BufferedReader in, boolean terminal, boolean colours) {
    /** System property by which the launcher tells that standard error is not a terminal, because Java cannot find out. */
    private static final String ERRORS_APART = "spillway.errors-apart";

    /** Creates a console without colours. */
    public Console(PrintStream out, PrintStream err, BufferedReader in, boolean terminal) {
        this(out, err, in, terminal, false);
    }

    /** Returns the console of this process. */
    public static Console ofProcess() {
        boolean terminal = isTerminal() && !Boolean.getBoolean(ERRORS_APART);
        return new Console(
                stream(FileDescriptor.out),
                stream(FileDescriptor.err),
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)),
                terminal,
                terminal && wantsColours(System.getenv()));
    }

    /** See no-color.org. */
    static boolean wantsColours(Map<String, String> environment) {
        return environment.getOrDefault("NO_COLOR", "").isEmpty() && !"dumb".equals(environment.get("TERM"));
    }

    @SuppressWarnings("SystemConsoleNull") // It is null if standard input or output is not a terminal, and its provider is the JDK default.
    private static boolean isTerminal() {
        var console = System.console();
        return console != null && console.isTerminal();
    }

    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }

    /** Returns a text in a style if colours are used, otherwise unchanged. */
    public String styled(Style style, String text) {
        return colours ? style.on() + text + style.off() : text;
    }

    /** Prints the line of an outcome, if it has one. */
    void say(CommandOutcome outcome) {
        if (!outcome.line().isEmpty()) {
            err.println(styled(Style.fg_red, "spillway: " + outcome.line().strip().replaceAll("\\s*\\R\\s*", "; ")));
            err.flush();
        }
    }

    /** Shows the progress of long work in place of the line before; only on a terminal. */
    public void progress(String line) {
        if (terminal) {
            err.print("\r\033[K" + line);
            err.flush();
        }
    }

    /** Clears the line of progress. */
    public void progressEnded() {
        progress("");
    }
}
