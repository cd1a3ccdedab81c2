package dev.spillway.dev.fleet;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Compares the output in a page with the actual output. They are alike if they differ only in sizes, times, ports of servers and widths of columns.
 * Ids may differ, too, but each id of the page must stand for exactly one actual id everywhere.
 */
final class Likeness {
    private static final Pattern ID = Pattern.compile("\\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\b");

    private final Map<String, String> seenOfShown = new HashMap<>();
    private final Map<String, String> shownOfSeen = new HashMap<>();

    /** A text as it is typed from the page, with the ids that were seen in place of the page's. */
    String typed(String command) {
        return ID.matcher(command).replaceAll(id -> seenOfShown.getOrDefault(id.group(), id.group()));
    }

    /** Fails unless they are alike; then the ids stand for each other from now on. */
    void require(List<String> shown, List<String> seen) {
        assertThat(seen.stream().map(Likeness::plain).toList()).isEqualTo(shown.stream().map(Likeness::plain).toList());
        List<String> of = ids(shown);
        List<String> are = ids(seen);
        Map<String, String> forwards = new HashMap<>(seenOfShown);
        Map<String, String> backwards = new HashMap<>(shownOfSeen);
        for (int each = 0; each < of.size(); each++) {
            forwards.putIfAbsent(of.get(each), are.get(each));
            backwards.putIfAbsent(are.get(each), of.get(each));
        }
        assertThat(are).as("what the page's ids stand for").isEqualTo(of.stream().map(forwards::get).toList());
        assertThat(of).as("which ids of the page these are").isEqualTo(are.stream().map(backwards::get).toList());
        seenOfShown.putAll(forwards);
        shownOfSeen.putAll(backwards);
    }

    private static List<String> ids(List<String> lines) {
        List<String> ids = new ArrayList<>();
        for (String line : lines) {
            Matcher matcher = ID.matcher(line);
            while (matcher.find()) {
                ids.add(matcher.group());
            }
        }
        return ids;
    }

    private static String plain(String line) {
        return ID.matcher(line)
                .replaceAll("ID")
                .replaceAll("\\b\\d+(\\.\\d+)? (B|KiB|MiB|GiB|TiB)\\b", "SIZE")
                .replaceAll("\\b\\d+ (s|min|h|d) ago\\b", "AGO")
                .replaceAll("\\b\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ", "TIME")
                .replaceAll("spillway-\\d{8}-\\d{6}\\.log", "spillway-TIME.log")
                .replaceAll("^(PostgreSQL|Kafka)( +127\\.0\\.0\\.1:)\\d+$", "$1$2PORT")
                .replaceAll(" +", " ")
                .strip();
    }
}
