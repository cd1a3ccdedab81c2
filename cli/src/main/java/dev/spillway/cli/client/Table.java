package dev.spillway.cli.client;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows under a heading, as wide as their content; numbers stand to the right. */
public final class Table {
    private final List<String> heading;
    private final boolean[] right;
    private final List<List<String>> rows = new ArrayList<>();

    /** @param columns headings; one that begins with {@code >} stands to the right */
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
        rows.add(Arrays.stream(cells).map(cell -> Text.printable(cell.toString())).toList());
    }

    public void print(PrintStream out) {
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
                text.append(column == 0 ? "" : "  ").append(right[column] ? padding + cell : cell + padding);
            }
            out.println(text.toString().stripTrailing());
        }
    }

    private static int width(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
