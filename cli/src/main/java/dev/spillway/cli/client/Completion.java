package dev.spillway.cli.client;

import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.Values;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import picocli.CommandLine.TypeConversionException;

/** Prints the script by which a shell completes the words of this command. */
final class Completion implements ClientCommand {
    enum Shell {
        BASH, ZSH, FISH
    }

    private final Console console;
    @SuppressWarnings("NullAway.Init") // by declare
    private Shell shell;

    Completion(Console console) {
        this.console = console;
    }

    @Override
    public void declare(Declaration to) {
        to.describe(
                "completion",
                "Print a script that makes a shell complete commands, options, and names of namespaces, hosts, plans and pagers. Names are asked of "
                        + "the coordinator, for a second at most. In bash: source <(spillway completion bash)");
        to.parameter("0", "SHELL", Shell.class, value -> shell = value, "bash, zsh or fish.").converters(Completion::read);
    }

    private static Shell read(String name) {
        try {
            return Values.oneOf(Shell.class, name);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public CommandOutcome call() {
        try (InputStream script = Completion.class.getResourceAsStream("spillway." + Values.name(shell))) {
            console.out().print(new String(Objects.requireNonNull(script).readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return CommandOutcome.done();
    }
}
