package dev.spillway.cli;

import dev.spillway.cli.client.Clients;
import dev.spillway.cli.option.Values;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The {@code spillway} command. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not found, 4 server not reachable. */
public final class Main {
    /**
     * Replacement character for arguments that are not valid in the locale's encoding. Such an argument would name another thing, so it is refused.
     */
    private static final char REPLACEMENT = '\uFFFD';

    private Main() {}

    public static void main(String[] args) {
        System.exit(run(List.of(args), Console.ofProcess()));
    }

    static int run(List<String> arguments, Console console) {
        return run(arguments, console, Elsewhere::addTo);
    }

    /**
     * Runs one command and returns its exit code.
     *
     * @param others adds the commands that run servers
     */
    public static int run(List<String> arguments, Console console, Consumer<CommandLine> others) {
        CommandOutcome outcome = execute(arguments, console, others);
        console.say(outcome);
        console.out().flush();
        console.err().flush();
        return outcome.exitCode();
    }

    private static CommandOutcome execute(List<String> arguments, Console console, Consumer<CommandLine> others) {
        for (int at = 0; at < arguments.size(); at++) {
            if (arguments.get(at).indexOf(REPLACEMENT) >= 0) {
                return notText(at + 1, arguments.get(at), System.getProperty("sun.jnu.encoding"));
            }
        }
        if (!arguments.isEmpty() && arguments.getFirst().equals(CompletedLine.COMMAND)) {
            CompletedLine line = new CompletedLine(arguments.subList(1, arguments.size()));
            return line.print(commands(line.before(), console, others), console);
        }
        CommandLine commands = commands(arguments, console, others);
        ParseResult parsed;
        try {
            parsed = commands.parseArgs(arguments.toArray(String[]::new));
        } catch (ParameterException e) {
            return wrongUsage(e);
        }
        if (CommandLine.executeHelpRequest(parsed) != null) {
            return CommandOutcome.done();
        }
        parsed = chosen(parsed);
        CommandLine chosen = parsed.commandSpec().commandLine();
        if (!(chosen.getCommand() instanceof SpillwayCommand command)) {
            chosen.usage(console.err());
            return CommandOutcome.wrongUsage("no command given");
        }
        OptionSpec watched = parsed.matchedOption(Declaration.WATCH);
        if (watched == null) {
            return call(command);
        }
        Watch watch = new Watch(
                console,
                (Duration) watched.typedValues().getLast(),
                "spillway " + String.join(" ", arguments),
                parsed.hasMatchedOption("--json"));
        SpillwayCommand again = chosen(commands(arguments, watch.prints(), others).parseArgs(arguments.toArray(String[]::new)))
                .commandSpec()
                .commandLine()
                .getCommand();
        try {
            return watch.run(() -> call(again));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return CommandOutcome.failed("interrupted");
        }
    }

    private static ParseResult chosen(ParseResult parsed) {
        return parsed.hasSubcommand() ? chosen(parsed.subcommand()) : parsed;
    }

    private static CommandOutcome call(SpillwayCommand command) {
        try {
            return command.call();
        } catch (CommandFailedException e) {
            return e.outcome();
        } catch (ParameterException e) {
            return wrongUsage(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return CommandOutcome.failed("interrupted");
        } catch (RuntimeException e) {
            // This is the outermost edge, so the user gets a line instead of a stack trace.
            return CommandOutcome.failed("this should not happen: " + e);
        }
    }

    private static CommandOutcome notText(int number, String argument, String encoding) {
        return CommandOutcome.wrongUsage(
                encoding.equals("UTF-8")
                        ? "%s (expected: text in UTF-8; argument %d has bytes that are none, or the character U+FFFD that stands for such bytes)"
                                .formatted(argument, number)
                        : ("%s (expected: text in the encoding of the locale, which is %s for %s; "
                                + "set LC_ALL to a UTF-8 locale that is installed, such as C.UTF-8)")
                                .formatted(argument, encoding, locale(System.getenv())));
    }

    /** Returns the variable from which the C library takes the encoding of the locale. */
    private static String locale(Map<String, String> environment) {
        return Stream.of("LC_ALL", "LC_CTYPE", "LANG")
                .filter(name -> !environment.getOrDefault(name, "").isEmpty())
                .map(name -> name + "=" + environment.get(name))
                .findFirst()
                .orElse("the locale of the system");
    }

    private static CommandLine commands(List<String> arguments, Console console, Consumer<CommandLine> others) {
        CommandSpec root = CommandSpec.create().name("spillway");
        root.usageMessage().description("Keeps the caches of a fleet of hosts in step.");
        CommandLine commands = new CommandLine(root);
        Map<String, Function<Console, CommandLine>> clients = Clients.all();
        Function<Console, CommandLine> named = arguments.isEmpty() ? null : clients.get(arguments.getFirst());
        if (named != null) {
            // The other commands are not constructed.
            commands.addSubcommand(named.apply(console));
        } else {
            clients.values().forEach(command -> commands.addSubcommand(command.apply(console)));
            commands.addSubcommand(Declaration.of(new Manual(console, root)));
            others.accept(commands);
        }
        Declaration.complete(root);
        Values.convert(commands);
        // Keys are opaque, so an @ at the beginning of an argument is part of the key and not a file of arguments.
        commands.setExpandAtFiles(false);
        commands.setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8));
        commands.setErr(new PrintWriter(console.err(), true, StandardCharsets.UTF_8));
        commands.setUsageHelpAutoWidth(false).setUsageHelpWidth(110);
        return commands;
    }

    private static CommandOutcome wrongUsage(ParameterException e) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        return CommandOutcome.wrongUsage(Objects.requireNonNullElse(e.getMessage(), "wrong usage") + "; see " + command + " --help");
    }

    static String[] version() {
        return new String[]{"spillway " + Objects.requireNonNullElse(Main.class.getPackage().getImplementationVersion(), "unpackaged")};
    }
}
