package dev.spillway.cli.output;

import dev.spillway.cli.Console;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Help.Ansi.Style;

/** A table with a heading, as wide as its content. Numbers are aligned right. */
public final class Table {
    private final List<String> heading;
    private final boolean[] right;
    private final List<List<String>> rows = new ArrayList<>();

    /** @param columns headings; one that begins with {@code >} is aligned right */
    public Table(String... columns) {
        heading = Arrays.stream(columns).map(column -> column.replaceFirst("^>", "")).toList();
        right = new boolean[columns.length];
        for (int column = 0; column < columns.length; column++) {
            right[column] = columns[column].startsWith(">");
        }
    }

    public void row(Object... cells) {
        if (cells.length != heading.size()) {
            throw new IllegalArgumentException("cells: " + cells.length + " (expected: " + heading.size() + ")");
        }
        rows.add(Arrays.stream(cells).map(cell -> HumanText.printable(cell.toString())).toList());
    }

    /** Prints the table, with states and attention in colour if colours are used. */
    public void print(Console console) {
        print(console.out(), console);
    }

    public void print(PrintStream out) {
        print(out, null);
    }

    private void print(PrintStream out, @Nullable Console console) {
        int[] widths = new int[heading.size()];
        List<List<String>> lines = new ArrayList<>();
        lines.add(heading);
        lines.addAll(rows);
        for (List<String> line : lines) {
            for (int column = 0; column < widths.length; column++) {
                widths[column] = Math.max(widths[column], width(line.get(column)));
            }
        }
        for (List<String> line : lines) {
            StringBuilder text = new StringBuilder();
            for (int column = 0; column < widths.length; column++) {
                String cell = line.get(column);
                String padding = " ".repeat(widths[column] - width(cell));
                String shown = console == null || !console.colours() || line.equals(heading) ? cell : styled(console, line, column);
                text.append(column == 0 ? "" : "  ").append(right[column] ? padding + shown : shown + padding);
            }
            out.println(text.toString().stripTrailing());
        }
    }

    private String styled(Console console, List<String> line, int column) {
        String cell = line.get(column);
        // A table with two columns describes one thing; its first column has the names of the values in the second.
        boolean ofOneThing = heading.size() == 2 && column == 1;
        String what = ofOneThing ? line.getFirst() : heading.get(column);
        if (what.equalsIgnoreCase("attention")) {
            return cell.equals(HumanText.NONE) ? cell : console.styled(Style.fg_yellow, cell);
        }
        if (!ofOneThing && !what.equals("STATE")) {
            return cell;
        }
        return switch (cell) {
            case "ACTIVE", "ready" -> console.styled(Style.fg_green, cell);
            case "AWAY" -> console.styled(Style.fg_red, cell);
            case "DRAINING" -> console.styled(Style.fg_yellow, cell);
            default -> cell.startsWith("not ready") ? console.styled(Style.fg_red, cell) : cell;
        };
    }

    private static int width(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
