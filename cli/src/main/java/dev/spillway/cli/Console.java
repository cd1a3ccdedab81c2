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
 * Where a command reads and prints.
 *
 * @param out      results, UTF-8 whatever the locale says: keys are UTF-8
 * @param err      everything else
 * @param terminal whether a person watches both, so that lines may be rewritten
 * @param colours  whether that person wants colours
 */
public record Console(PrintStream out, PrintStream err, BufferedReader in, boolean terminal, boolean colours) {
    /** A property of Java with which the launcher says that standard error is no terminal: Java itself cannot tell. */
    private static final String ERRORS_APART = "spillway.errors-apart";

    /** Without colours. */
    public Console(PrintStream out, PrintStream err, BufferedReader in, boolean terminal) {
        this(out, err, in, terminal, false);
    }

    /** Of this process. */
    public static Console ofProcess() {
        boolean terminal = isTerminal() && !Boolean.getBoolean(ERRORS_APART);
        return new Console(stream(FileDescriptor.out), stream(FileDescriptor.err),
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)), terminal,
                terminal && wantsColours(System.getenv()));
    }

    /** See no-color.org. */
    static boolean wantsColours(Map<String, String> environment) {
        return environment.getOrDefault("NO_COLOR", "").isEmpty() && !"dumb".equals(environment.get("TERM"));
    }

    @SuppressWarnings("SystemConsoleNull") // It returns null wherever standard input or output is no terminal, and its own provider is the JDK's default.
    private static boolean isTerminal() {
        var console = System.console();
        return console != null && console.isTerminal();
    }

    private static PrintStream stream(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }

    /** Returns a text in a style where colours are wanted, else as it is. */
    public String styled(Style style, String text) {
        return colours ? style.on() + text + style.off() : text;
    }

    /** Says how a command ended, unless there is nothing to say. */
    void say(Outcome outcome) {
        if (!outcome.line().isEmpty()) {
            err.println(styled(Style.fg_red, "spillway: " + outcome.line().strip().replaceAll("\\s*\\R\\s*", "; ")));
            err.flush();
        }
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
