package dev.spillway.dev.layering;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The page for those who change the code shows modules as their POM files have them, and names files that exist. */
class ArchitectureTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern OWN_DEPENDENCY =
            Pattern.compile(
                    "<dependency>\\s*<groupId>dev\\.spillway</groupId>\\s*<artifactId>spillway-([a-z]+)</artifactId>(.*?)</dependency>",
                    Pattern.DOTALL);
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    private static List<String> page() throws IOException {
        return Files.readAllLines(ROOT.resolve("docs/architecture.md"));
    }

    private static List<String> names(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(found -> found.group(1)).toList();
    }

    private static Set<String> used(String module) throws IOException {
        return OWN_DEPENDENCY.matcher(Files.readString(ROOT.resolve(module).resolve("pom.xml")))
                .results()
                .filter(dependency -> !dependency.group(2).contains("<scope>test</scope>"))
                .map((MatchResult dependency) -> dependency.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void modulesUseWhatThePageSays() throws IOException {
        Map<String, Set<String>> shown = new TreeMap<>();
        page().stream().dropWhile(line -> !line.startsWith("| module |")).skip(2).takeWhile(line -> line.startsWith("|")).forEach(line -> {
            String[] cells = line.split("\\|", -1);
            shown.put(names(CODE, cells[1]).getFirst(), new TreeSet<>(names(CODE, cells[3])));
        });
        Map<String, Set<String>> built = new TreeMap<>();
        for (String module : names(Pattern.compile("<module>([a-z]+)</module>"), Files.readString(ROOT.resolve("pom.xml")))) {
            built.put(module, used(module));
        }
        assertThat(shown).isEqualTo(built);
    }

    @Test
    void everyFileThatIsNamedExists() throws IOException {
        List<String> named = page().stream().flatMap(line -> names(CODE, line).stream()).filter(name -> name.contains("/")).toList();
        assertThat(named).hasSizeGreaterThan(30)
                .allSatisfy(name -> assertThat(name.startsWith("PUT /") || Files.exists(ROOT.resolve(name))).as(name).isTrue());
    }

    @Test
    void everyThreadThatIsNamedIsNamedSoInTheSource() throws IOException {
        String source = sources();
        List<String> threads = page().stream()
                .filter(line -> line.startsWith("| `"))
                .map(line -> names(CODE, line.split("\\|", -1)[1]).getFirst())
                .filter(name -> name.contains("-") || name.equals("send") || name.equals("rename"))
                .toList();
        assertThat(threads).hasSizeGreaterThan(10).allSatisfy(name -> {
            // Numbers, ids and names of publications are appended.
            String fixed = name.replaceFirst("(?<=-)[A-Z]+$|-\\d+$", "");
            assertThat(source.contains('"' + fixed + '"') || source.contains('"' + fixed.replaceFirst("(?<=-)\\w+$", "") + "\" +"))
                    .as(name)
                    .isTrue();
        });
    }

    private static String sources() throws IOException {
        StringBuilder all = new StringBuilder();
        for (String module : List.of("coordinator", "worker")) {
            try (Stream<Path> files =
                    Files.find(
                            ROOT.resolve(module).resolve("src/main/java"),
                            20,
                            (file, attributes) -> file.toString().endsWith(".java"))) {
                for (Path file : files.toList()) {
                    all.append(Files.readString(file));
                }
            }
        }
        return all.toString();
    }

    @Test
    void everyTestThatIsNamedExists() throws IOException {
        Set<String> named = page().stream()
                .flatMap(line -> names(CODE, line).stream())
                .filter(name -> name.matches("[A-Z]\\w+(Test|Contract)"))
                .collect(Collectors.toSet());
        try (Stream<Path> files = Files.find(ROOT, 20, (file, attributes) -> file.toString().contains("/src/test/java/"))) {
            Set<String> tests = files.map(file -> file.getFileName().toString().replace(".java", "")).collect(Collectors.toSet());
            assertThat(named).hasSizeGreaterThan(4).isSubsetOf(tests);
        }
    }
}
