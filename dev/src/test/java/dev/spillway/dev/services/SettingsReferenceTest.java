package dev.spillway.dev.services;

import dev.spillway.cli.client.Clients;
import dev.spillway.coordinator.app.CoordinatorSettings;
import dev.spillway.service.settings.SettingDescription;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.worker.app.WorkerSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** The documents name the settings that the services take, and no others. */
class SettingsReferenceTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final String HEAD = "| setting | of | meaning | expected | default |";
    private static final Pattern VARIABLE = Pattern.compile("SPILLWAY_[A-Z0-9_]*[A-Z0-9]");
    /** Read by the container's own script, not by a service or a client. */
    private static final String OF_CONTAINER = "SPILLWAY_JVM_OPTIONS";

    /** Each setting with the services that take it, so that a setting of both with one meaning has one row. */
    private static List<String> table() {
        Map<SettingDescription, List<String>> services =
                new TreeMap<>(Comparator.comparing(SettingDescription::name).thenComparing(SettingDescription::toString));
        for (SettingsDeclaration service : List.of(CoordinatorSettings.DECLARATION, WorkerSettings.DECLARATION)) {
            service.descriptions().forEach(setting -> services.computeIfAbsent(setting, key -> new ArrayList<>()).add(service.service()));
        }
        return services.entrySet().stream().map(entry -> row(entry.getKey(), String.join(", ", entry.getValue()))).toList();
    }

    private static String row(SettingDescription setting, String services) {
        String names = "`%s`".formatted(setting.name()) + (setting.isSecret() ? ", `%s-file`".formatted(setting.name()) : "");
        String fallback = setting.whenNotGiven().replaceFirst("^default: ", "").replaceFirst("^optional$", "none");
        return Stream.of(names, services, setting.meaning(), setting.expected(), fallback.replaceFirst("^required$", "**required**"))
                .map(cell -> cell.replace("|", "\\|"))
                .reduce("|", (row, cell) -> row + " " + cell + " |");
    }

    @Test
    void theTableOfOperationsIsWhatTheServicesDeclare() throws IOException {
        List<String> lines = Files.readAllLines(ROOT.resolve("docs/operations.md"));
        assertThat(lines).containsOnlyOnce(HEAD);
        List<String> shown = lines.stream().skip(lines.indexOf(HEAD) + 2L).takeWhile(line -> line.startsWith("|")).toList();
        Path rows = Files.write(Path.of("target/settings.md"), table());
        assertThat(shown).as("the rows of docs/operations.md; those that belong there are in dev/%s", rows).isEqualTo(table());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "docs/operations.md",
                    "docs/how-it-works.md",
                    "README.md",
                    "docker-compose.yml",
                    "Dockerfile",
                    "config/container/spillway",
                    "config/container/ready",
                    "config/systemd/spillway-coordinator.service",
                    "config/systemd/spillway-worker.service"})
    void everyVariableIsOneThatSomebodyReads(String file) throws IOException {
        Set<String> known = new TreeSet<>(CoordinatorSettings.DECLARATION.variables());
        known.addAll(WorkerSettings.DECLARATION.variables());
        known.addAll(Clients.VARIABLES);
        known.addAll(Services.VARIABLES_OF_COMPOSE);
        known.add(OF_CONTAINER);
        assertThat(VARIABLE.matcher(Files.readString(ROOT.resolve(file))).results().map(MatchResult::group)).isSubsetOf(known);
    }
}
