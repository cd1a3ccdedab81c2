package dev.spillway.dev.fleet;

import dev.spillway.cli.Console;
import dev.spillway.dev.DevMain;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs client commands in this process, as a script would that is no terminal. */
final class Spillway {
    /** The result of a command. */
    record Ran(int exitCode, String out, String err) {
        List<String> lines() {
            return out.lines().toList();
        }
    }

    private Spillway() {}

    static Ran run(String... arguments) {
        return answering("", arguments);
    }

    /** @param input what the command can read */
    static Ran answering(String input, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code =
                DevMain.run(List.of(arguments), new Console(stream(out), stream(err), new BufferedReader(new StringReader(input)), false));
        return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
