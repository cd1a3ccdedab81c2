package dev.spillway.cli;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** A command line that is being typed, with the candidates for the word at its cursor. The scripts of {@code spillway completion} use it. */
final class CompletedLine {
    /** Name of the hidden command that the scripts call. */
    static final String COMMAND = "complete-line";

    /** Words of characters that have no special meaning in any shell. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._:/=@,+-]+");

    private final List<String> before;
    private final String current;

    /** @param words words after the command's name; the last one, which may be empty, ends at the cursor */
    CompletedLine(List<String> words) {
        before = new ArrayList<>(words.subList(0, Math.max(0, words.size() - 1)));
        // The option --watch is left out of these words, because picocli counts a time for it even if none is given.
        int watch = before.indexOf(Declaration.WATCH);
        if (watch >= 0) {
            before.remove(watch);
            if (watch < before.size() && WatchTime.isTime(before.get(watch))) {
                before.remove(watch);
            }
        }
        current = words.isEmpty() ? "" : words.getLast();
    }

    /** Returns the words before the cursor, which are complete. */
    List<String> before() {
        return before;
    }

    /** Prints the candidates for the word at the cursor, one per line, in order. */
    CommandOutcome print(CommandLine commands, Console console) {
        collectErrors(commands);
        if (!offersParameterAtCursor(commands)) {
            return CommandOutcome.done();
        }
        List<String> words = new ArrayList<>(before);
        words.add(current);
        List<CharSequence> endings = new ArrayList<>();
        AutoComplete.complete(commands.getCommandSpec(), words.toArray(String[]::new), before.size(), current.length(), 0, endings);
        TreeSet<String> found = new TreeSet<>();
        endings.forEach(ending -> found.add(current + ending));
        found.removeIf(word -> !PLAIN.matcher(word).matches() || word.startsWith("-") && !current.startsWith("-"));
        found.forEach(console.out()::println);
        return CommandOutcome.done();
    }

    private static void collectErrors(CommandLine command) {
        command.getCommandSpec().parser().collectErrors(true);
        command.getSubcommands().values().forEach(CompletedLine::collectErrors);
    }

    /** Returns whether the parameters at the cursor offer names; false if the words before the cursor are already wrong. */
    private boolean offersParameterAtCursor(CommandLine commands) {
        ParseResult parsed = commands.parseArgs(before.toArray(String[]::new));
        boolean understood = parsed.unmatched().isEmpty();
        while (parsed.hasSubcommand()) {
            parsed = parsed.subcommand();
            understood &= parsed.unmatched().isEmpty();
        }
        CommandSpec command = parsed.commandSpec();
        int place = parsed.matchedPositionals().size();
        for (PositionalParamSpec parameter : command.positionalParameters()) {
            if (parameter.index().contains(place) && parameter.completionCandidates() instanceof AtCursor names) {
                names.offered = true;
            }
        }
        return understood;
    }

    /**
     * Names for a parameter, which are offered only if the cursor is at that parameter. picocli 4.7.7 itself offers the names of all parameters of a
     * command at any position.
     */
    static final class AtCursor implements Iterable<String> {
        private final Iterable<String> names;
        private boolean offered;

        AtCursor(Iterable<String> names) {
            this.names = names;
        }

        @Override
        public Iterator<String> iterator() {
            return offered ? names.iterator() : List.<String>of().iterator();
        }
    }
}
