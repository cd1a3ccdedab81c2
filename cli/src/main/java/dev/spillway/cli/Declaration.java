package dev.spillway.cli;

import dev.spillway.events.InvalidValueException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.IGetter;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * Declares the name, options and parameters of a command to picocli by code. With annotations a client command would take 50 % longer to start,
 * because Java reads them through proxies that each process creates anew.
 */
public final class Declaration {
    /** The option of {@link #watched}. */
    static final String WATCH = "--watch";

    private final CommandSpec spec;
    private final List<OptionSpec.Builder> options = new ArrayList<>();
    private final List<PositionalParamSpec.Builder> parameters = new ArrayList<>();
    private final Map<Class<?>, Iterable<String>> names = new HashMap<>();

    private Declaration(CommandSpec spec) {
        this.spec = spec;
    }

    public static CommandLine of(ClientCommand command) {
        Declaration declaration = new Declaration(CommandSpec.wrapWithoutInspection(command));
        command.declare(declaration);
        declaration.build();
        return new CommandLine(declaration.spec);
    }

    private void build() {
        for (OptionSpec.Builder option : options) {
            Iterable<String> offered = offered(option.type());
            spec.addOption((offered == null ? option : option.completionCandidates(offered)).build());
        }
        for (PositionalParamSpec.Builder parameter : parameters) {
            Iterable<String> own = parameter.completionCandidates();
            Iterable<String> offered = own == null ? offered(parameter.type()) : own;
            spec.addPositional((offered == null ? parameter : parameter.completionCandidates(new CompletedLine.AtCursor(offered))).build());
        }
    }

    private @Nullable Iterable<String> offered(Class<?> type) {
        Iterable<String> known = names.get(type);
        return known != null || !type.isEnum() ? known
                : Arrays.stream(type.getEnumConstants()).map(constant -> constant.toString().toLowerCase(Locale.ROOT)).toList();
    }

    /** Sets the names by which a shell completes values of a type. They are read only during completion. */
    public void offer(Class<?> type, Iterable<String> candidates) {
        names.put(type, candidates);
    }

    /** Returns a command that groups other commands. */
    public static CommandLine group(String name, String description, ClientCommand... commands) {
        CommandSpec spec = CommandSpec.create().name(name);
        spec.usageMessage().description(description);
        CommandLine group = new CommandLine(spec);
        for (ClientCommand command : commands) {
            group.addSubcommand(of(command));
        }
        return group;
    }

    public void describe(String name, String... description) {
        spec.name(name).usageMessage().description(description);
    }

    /** Declares an option with a value. */
    public <T> OptionSpec.Builder option(String name, String label, Class<T> type, Consumer<T> setter, String... description) {
        OptionSpec.Builder option =
                OptionSpec.builder(name).paramLabel(label).type(type).setter(into(type, setter)).description(description);
        options.add(option);
        return option;
    }

    /** Declares an option that may be given more than once; {@code values} receives all of its values. */
    public <T> OptionSpec.Builder repeated(String name, String label, Class<T> type, List<T> values, String... description) {
        OptionSpec.Builder option =
                OptionSpec.builder(name)
                        .paramLabel(label)
                        .type(List.class)
                        .auxiliaryTypes(type)
                        .arity("1")
                        .getter(new IGetter() {
                            @Override
                            @SuppressWarnings({"TypeParameterUnusedInFormals", "unchecked"}) // picocli's
                            public <V> V get() {
                                return (V) values;
                            }
                        })
                        .setter(into(List.class, given -> {
                            List<?> all = given;
                            // picocli first passes a list of its own, and later adds to the list that it got.
                            if (!all.equals(values)) {
                                values.clear();
                                all.forEach(value -> values.add(type.cast(value)));
                            }
                        }))
                        .description(description);
        options.add(option);
        return option;
    }

    /** Declares an option without a value. */
    public void flag(String name, Consumer<Boolean> setter, String... description) {
        options.add(OptionSpec.builder(name).type(Boolean.class).arity("0").setter(into(Boolean.class, setter)).description(description));
    }

    /** Declares the option that repeats a command; only for commands that change nothing. */
    public void watched() {
        WatchTime time = new WatchTime();
        option(
                WATCH,
                "TIME",
                Duration.class,
                time,
                "Print again so long after each print, until Ctrl-C, such as --watch=10s (default: " + WatchTime.DEFAULT + ").")
                .arity("0..1")
                .fallbackValue(WatchTime.DEFAULT)
                .converters(time)
                .preprocessor(time);
    }

    /** Declares a positional parameter. A shell completes it by the builder's candidates, or by those of its type. */
    public <T> PositionalParamSpec.Builder parameter(String index, String label, Class<T> type, Consumer<T> setter, String... description) {
        return parameter(index, label, type, setter, description, true);
    }

    /** Declares an optional positional parameter. */
    public <T> void optional(String index, String label, Class<T> type, Consumer<T> setter, String... description) {
        parameter(index, label, type, setter, description, false);
    }

    private <T> PositionalParamSpec.Builder parameter(
            String index,
            String label,
            Class<T> type,
            Consumer<T> setter,
            String[] description,
            boolean required) {
        PositionalParamSpec.Builder parameter = PositionalParamSpec.builder()
                .index(index)
                .paramLabel(label)
                .type(type)
                .arity(required ? "1" : "0..1")
                .required(required)
                .setter(into(type, setter))
                .description(description);
        parameters.add(parameter);
        return parameter;
    }

    private <T> ISetter into(Class<T> type, Consumer<T> setter) {
        return new ISetter() {
            @Override
            @SuppressWarnings({"TypeParameterUnusedInFormals", "NullAway"}) // picocli's
            public <V> V set(V value) {
                // picocli first passes null if no initial value is declared. It is ignored, because the field has a default of its own.
                if (value != null) {
                    try {
                        setter.accept(type.cast(value));
                    } catch (InvalidValueException e) {
                        throw new CommandLine.ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
                    }
                }
                return null;
            }
        };
    }

    /** Returns the command, for messages about wrong usage. */
    public CommandSpec spec() {
        return spec;
    }

    /** Adds the common options to a command and its subcommands. */
    static void complete(CommandSpec command) {
        command.addOption(OptionSpec.builder("-h", "--help").usageHelp(true).description("Show this help message and exit.").build());
        command.addOption(
                OptionSpec.builder("-V", "--version").versionHelp(true).description("Print version information and exit.").build());
        command.versionProvider(Main::version);
        if (command.usageMessage().footer().length == 0) {
            command.usageMessage()
                    .footer("", "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 not found, 4 server not reachable.");
        }
        command.usageMessage().synopsisSubcommandLabel("COMMAND");
        command.subcommands().values().forEach(each -> complete(each.getCommandSpec()));
    }
}
