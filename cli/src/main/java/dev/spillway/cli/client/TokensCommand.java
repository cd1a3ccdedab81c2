package dev.spillway.cli.client;

import dev.spillway.api.CoordinatorApi;
import dev.spillway.api.Role;
import dev.spillway.api.body.Tokens;
import dev.spillway.cli.ClientCommand;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.Declaration;
import dev.spillway.cli.option.CoordinatorOption;
import dev.spillway.cli.option.Server;
import dev.spillway.cli.option.Values;
import dev.spillway.cli.output.HumanText;
import dev.spillway.cli.output.Output;
import dev.spillway.cli.output.Table;
import dev.spillway.events.HostId;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.NamespaceName;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.TypeConversionException;

/** Tokens of a fleet. */
final class TokensCommand {
    private TokensCommand() {}

    /** Names of namespaces, separated by commas. */
    private record Names(List<NamespaceName> all) {}

    static final class Create implements ClientCommand {
        private final Console console;
        private final CoordinatorOption coordinator = new CoordinatorOption();
        private final Output output = new Output();
        private String name = "";
        private Role role = Role.READER;
        private List<NamespaceName> namespaces = List.of();
        private @Nullable HostId host;
        private Values.@Nullable TimeSpan lasts;

        Create(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("create", "Make a token and print it, this once.");
            coordinator.declare(to);
            output.declare(to);
            to.parameter("0", "NAME", String.class, value -> name = value, "Name of its holder, for lists and the audit trail.");
            to.option(
                    "--role",
                    "ROLE",
                    Role.class,
                    value -> role = value,
                    "reader, writer, operator, host (a worker), or peer (takes copies from workers).")
                    .required(true)
                    .converters(Create::role);
            to.option(
                    "--namespaces",
                    "NAMES",
                    Names.class,
                    value -> namespaces = value.all(),
                    "Only for these, such as images,trees (default: all).")
                    .converters(Create::names);
            to.option("--host", "HOST", HostId.class, value -> host = value, "The host that a token of role host speaks for.");
            to.option(
                    "--lasts",
                    "TIME",
                    Values.TimeSpan.class,
                    value -> lasts = value,
                    "How long it can be used, such as 90d (default: until it is revoked).");
        }

        private static Names names(String text) {
            try {
                return new Names(Arrays.stream(text.split(",", -1)).map(NamespaceName::new).toList());
            } catch (InvalidValueException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }

        private static Role role(String text) {
            return Arrays.stream(Role.values())
                    .filter(role -> role.name().equals(text.toUpperCase(Locale.ROOT)))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException("'" + text + "' (expected: reader, writer, operator, host or peer)"));
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            Server.Answer answer = coordinator.server()
                    .send(
                            CoordinatorApi.CREATE_TOKEN.at(),
                            new Tokens.Create(name, role, namespaces, host, lasts == null ? null : lasts.text()));
            console.out().println(output.json() ? answer.text() : answer.as(Tokens.Created.class).token());
            return CommandOutcome.done();
        }
    }

    static final class Ls implements ClientCommand {
        private final Console console;
        private final Listing listing = Listing.ofAll();

        Ls(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("ls", "List the tokens of the tokens-file and those that were made, without their texts.");
            listing.declare(to);
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            return listing.print(CoordinatorApi.LIST_TOKENS.at(), console, this::print);
        }

        private void print(Pages tokens) {
            Table table = new Table("NAME", "SOURCE", "ROLE", "FOR", "MADE", "BY", "UNTIL");
            for (Tokens.Listed token : tokens.as(Tokens.Listed.class)) {
                table.row(
                        token.name(),
                        token.source() == null ? HumanText.NONE : token.source().name().toLowerCase(Locale.ROOT),
                        token.role().name().toLowerCase(Locale.ROOT),
                        scope(token),
                        token.createdAt() == null ? HumanText.NONE : HumanText.time(token.createdAt()),
                        token.createdBy() == null ? HumanText.NONE : token.createdBy(),
                        token.expiresAt() == null ? HumanText.NONE : HumanText.time(token.expiresAt()));
            }
            table.print(console);
        }

        private static String scope(Tokens.Listed token) {
            if (token.host() != null) {
                return token.host().value();
            }
            return token.namespaces().isEmpty() ? "all"
                    : token.namespaces().stream().map(NamespaceName::value).collect(Collectors.joining(","));
        }
    }

    static final class Revoke implements ClientCommand {
        private final Console console;
        private final CoordinatorOption coordinator = new CoordinatorOption();
        private String name = "";

        Revoke(Console console) {
            this.console = console;
        }

        @Override
        public void declare(Declaration to) {
            to.describe("revoke", "End a token that was made; within a second no service takes it any more.");
            coordinator.declare(to);
            to.parameter("0", "NAME", String.class, value -> name = value, "Name of the token.");
        }

        @Override
        public CommandOutcome call() throws InterruptedException {
            coordinator.server().order(CoordinatorApi.REVOKE_TOKEN.at(name));
            console.out().println("revoked " + name);
            return CommandOutcome.done();
        }
    }
}
