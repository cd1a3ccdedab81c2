package dev.spillway.cli.option;

import dev.spillway.cli.CommandFailedException;
import dev.spillway.cli.CommandOutcome;
import dev.spillway.cli.Console;
import dev.spillway.cli.output.HumanText;
import java.io.IOException;

/** A confirmation of a change that cannot be undone, by typing the name of its subject. */
public record TypedName(String expected, String nothingDone) {

    /**
     * Asks, and returns if the name was typed.
     *
     * @throws CommandFailedException for any other answer, or none
     */
    public void require(Console console, String question) {
        console.err().print(question);
        console.err().flush();
        String answer;
        try {
            answer = console.in().readLine();
        } catch (IOException e) {
            throw new CommandFailedException(CommandOutcome.failed(nothingDone + ": the answer could not be read: " + e.getMessage()));
        }
        if (answer == null || !answer.strip().equals(expected)) {
            throw new CommandFailedException(
                    CommandOutcome.failed(
                            "%s: answer: %s (expected: %s, or --yes)".formatted(
                                    nothingDone,
                                    answer == null ? "none" : HumanText.printable(answer),
                                    expected)));
        }
    }
}
