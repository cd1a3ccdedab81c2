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

/** A line that somebody types, and what may stand where its cursor is. The scripts of {@code spillway completion} ask for it. */
final class CompletedLine {
    /** The command that the scripts call. It has no help. */
    static final String COMMAND = "complete-line";

    /** Characters that no shell reads as anything but themselves. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._:/=@,+-]+");

    private final List<String> before;
    private final String current;

    /** @param words behind the command's name; the last one, which may be empty, ends at the cursor */
    CompletedLine(List<String> words) {
        before = new ArrayList<>(words.subList(0, Math.max(0, words.size() - 1)));
        // Without its time, which may be left out: picocli counts one that is not there.
        int watch = before.indexOf(Declaration.WATCH);
        if (watch >= 0) {
            before.remove(watch);
            if (watch < before.size() && WatchTime.isTime(before.get(watch))) {
                before.remove(watch);
            }
        }
        current = words.isEmpty() ? "" : words.getLast();
    }

    /** Words that are complete. */
    List<String> before() {
        return before;
    }

    /** Prints what the word at the cursor may become, one a line, in order. */
    Outcome print(CommandLine commands, Console console) {
        collectErrors(commands);
        if (!offersParameterAtCursor(commands)) {
            return Outcome.done();
        }
        List<String> words = new ArrayList<>(before);
        words.add(current);
        List<CharSequence> endings = new ArrayList<>();
        AutoComplete.complete(commands.getCommandSpec(), words.toArray(String[]::new), before.size(), current.length(), 0, endings);
        TreeSet<String> found = new TreeSet<>();
        endings.forEach(ending -> found.add(current + ending));
        found.removeIf(word -> !PLAIN.matcher(word).matches() || word.startsWith("-") && !current.startsWith("-"));
        found.forEach(console.out()::println);
        return Outcome.done();
    }

    private static void collectErrors(CommandLine command) {
        command.getCommandSpec().parser().collectErrors(true);
        command.getSubcommands().values().forEach(CompletedLine::collectErrors);
    }

    /** Returns false where the words before the cursor are already wrong. */
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

    /** Names for a parameter. They are offered only where it is: picocli offers those of all parameters of a command wherever the cursor is (4.7.7). */
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
