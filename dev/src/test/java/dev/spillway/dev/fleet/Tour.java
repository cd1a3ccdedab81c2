package dev.spillway.dev.fleet;

import java.util.ArrayList;
import java.util.List;

/** The commands of a section of a page, each with what the page shows of its output. */
record Tour(List<Step> steps) {
    private static final String FENCE = "```";
    private static final String PROMPT = "$ ";
    private static final String CONTINUED = "> ";

    /**
     * One command as it is typed.
     *
     * @param shown without blank lines
     */
    record Step(String command, List<String> shown) {
        /** A command that the page lets fail shows the line with which it says so. */
        boolean fails() {
            return shown.stream().anyMatch(line -> line.startsWith("spillway: "));
        }
    }

    /** @param heading the whole line; the section goes on to the next heading that is not below it */
    static Tour read(String page, String heading) {
        String level = heading.substring(0, heading.indexOf(' ') + 1);
        List<Step> steps = new ArrayList<>();
        boolean inside = false;
        boolean fenced = false;
        for (String line : page.lines().toList()) {
            if (line.startsWith(FENCE)) {
                fenced = !fenced;
            } else if (!fenced && line.startsWith(level)) {
                inside = line.equals(heading);
            } else if (inside && fenced) {
                take(line, steps);
            }
        }
        if (steps.isEmpty()) {
            throw new IllegalStateException(
                    "commands under \"%s\": none (expected: lines that begin with \"%s\")".formatted(heading, PROMPT));
        }
        return new Tour(steps);
    }

    private static void take(String line, List<Step> steps) {
        if (line.startsWith(PROMPT)) {
            steps.add(new Step(line.substring(PROMPT.length()), List.of()));
        } else if (!steps.isEmpty() && !line.isBlank()) {
            Step step = steps.removeLast();
            if (line.startsWith(CONTINUED) && step.shown().isEmpty()) {
                steps.add(new Step(step.command() + "\n" + line.substring(CONTINUED.length()), List.of()));
            } else {
                List<String> shown = new ArrayList<>(step.shown());
                shown.add(line);
                steps.add(new Step(step.command(), shown));
            }
        }
    }
}
