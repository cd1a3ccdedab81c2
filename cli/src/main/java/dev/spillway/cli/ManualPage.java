package dev.spillway.cli;

import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The manual page in the macros of man(7), generated from the declarations of the commands. */
final class ManualPage {
    /** Options that every command has. */
    private static final List<String> COMMON = List.of("--help", "--version");

    private final StringBuilder text = new StringBuilder();

    /** @param root the top-level command */
    ManualPage(CommandSpec root) {
        text.append(".TH SPILLWAY 1 \"%s\" \"%s\" \"Spillway\"\n".formatted(LocalDate.now(ZoneOffset.UTC), escaped(Main.version()[0])));
        section("NAME");
        text.append("spillway \\- keep the caches of a fleet of hosts in step\n");
        section("SYNOPSIS");
        text.append(".B spillway\n.I COMMAND\n.RI [ OPTION \".\\|.\\|.]\"\n.RI [ PARAMETER \".\\|.\\|.]\"\n");
        section("DESCRIPTION");
        line(
                "A command asks the coordinator, or a worker, and prints what it answers. A key is any text of 1 to 1,024 bytes; "
                        + "what stands behind -- is no option.");
        item("-h, --help", "Show what a command takes.");
        item("-V, --version", "Print the version.");
        section("COMMANDS");
        root.subcommands().values().forEach(command -> describe(command.getCommandSpec()));
        section("EXIT STATUS");
        item("0", "Done.");
        item("1", "Refused, or failed.");
        item("2", "Wrong usage: nothing was sent.");
        item("3", "The thing that the command names does not exist.");
        item("4", "No server answered.");
        section("ENVIRONMENT");
        item("SPILLWAY_URL", "The coordinator, or several with commas between, where --url is not given.");
        item("SPILLWAY_WORKER", "The worker, where --worker is not given.");
        item("SPILLWAY_TOKEN_FILE", "File with the token to show, where --token-file is not given.");
        item("SPILLWAY_TLS_CA", "PEM file of the certificates to believe, where --tls-ca is not given.");
        item("NO_COLOR", "No colours, whatever its value. There are none either where TERM is dumb, or where no terminal is.");
        item("JAVA_HOME", "The JDK to run on, 25 or newer, where it is not the one found.");
        section("FILES");
        item(
                "/etc/spillway/coordinator.properties, /etc/spillway/worker.properties",
                "Settings of services that were installed with systemd. Each setting can also be an option or a variable.");
        section("EXAMPLES");
        example("spillway namespace set trees --max-entries 2", "Create a namespace of at most two entries.");
        example("spillway put trees docs /srv/docs --worker host-1", "Store a directory on a host.");
        example("spillway hosts --watch", "Watch the hosts.");
        example("spillway clean trees --yes --timeout 5m", "Evict all of a namespace, and wait for the hosts.");
    }

    String text() {
        return text.toString();
    }

    private void describe(CommandSpec command) {
        if (command.usageMessage().hidden()) {
            return;
        }
        text.append(".SS ").append(escaped(command.qualifiedName())).append('\n');
        String synopsis =
                new Help(command, Help.defaultColorScheme(Help.Ansi.OFF)).synopsis(0).strip().replaceAll("\\s+", " ");
        text.append(".B ").append(escaped(command.qualifiedName())).append('\n');
        line(synopsis.substring(Math.min(synopsis.length(), command.qualifiedName().length())).strip());
        text.append(".PP\n");
        line(joined(command.usageMessage().description()));
        command.positionalParameters().forEach(parameter -> item(parameter.paramLabel(), parameter));
        for (OptionSpec option : command.options()) {
            if (!COMMON.contains(option.longestName()) && !option.hidden()) {
                boolean valued = option.arity().max() > 0;
                String value = !valued ? "" : option.arity().min() == 0 ? " [" + option.paramLabel() + "]" : " " + option.paramLabel();
                item(String.join(", ", option.names()) + value, option);
            }
        }
        command.subcommands().values().stream().map(CommandLine::getCommandSpec).forEach(this::describe);
    }

    private void section(String name) {
        text.append(".SH ").append(name).append('\n');
    }

    private void item(String name, ArgSpec argument) {
        item(name, joined(argument.description()));
    }

    private void item(String name, String description) {
        text.append(".TP\n.B ").append(escaped(name)).append('\n');
        line(description);
    }

    private void example(String command, String meaning) {
        text.append(".TP\n.B ").append(escaped(command)).append('\n');
        line(meaning);
    }

    private void line(String line) {
        if (!line.isEmpty()) {
            text.append(escaped(line)).append('\n');
        }
    }

    /** Joins lines of a description, in which picocli doubles percent signs as in a format. */
    private static String joined(String[] lines) {
        return Arrays.stream(lines)
                .map(line -> line.replace("%n", " ").replace("%%", "%"))
                .collect(Collectors.joining(" "))
                .strip()
                .replaceAll("\\s+", " ");
    }

    /** Escapes a text for troff: escapes, requests at the beginning of a line, and hyphens. */
    private static String escaped(String line) {
        String plain = line.replace("\\", "\\e").replace("-", "\\-");
        String whole = plain.codePoints()
                .mapToObj(point -> point < 128 ? Character.toString(point) : "\\[u%04X]".formatted(point))
                .collect(Collectors.joining());
        return whole.startsWith(".") || whole.startsWith("'") ? "\\&" + whole : whole;
    }
}
