package dev.spillway.dev.services;

import dev.spillway.coordinator.app.CoordinatorSettings;
import dev.spillway.service.identity.AccessToken;
import dev.spillway.service.settings.SettingDescription;
import dev.spillway.service.settings.SettingsDeclaration;
import dev.spillway.service.settings.SettingsException;
import dev.spillway.service.settings.Sources;
import dev.spillway.worker.app.WorkerSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/** A secret is shown by nothing that a service prints of its settings, wherever it was given and however it was mistyped. */
class SecretsTest {
    private static final String CANARY = "canary-4711";
    private static final List<String> REQUIRED_OF_COORDINATOR = List.of(
            "--database-url=jdbc:postgresql://db.example/spillway",
            "--database-user=spillway",
            "--kafka-servers=kafka.example:9092");
    private static final List<String> REQUIRED_OF_WORKER =
            List.of("--host-id=host-1", "--data=/data", "--kafka-servers=kafka.example:9092");

    @TempDir
    Path folder;

    record SecretOf(SettingsDeclaration service, List<String> required, String name) {
        Sources given(List<String> arguments, Map<String, String> environment) {
            return new Sources(Stream.concat(required.stream(), arguments.stream()).toList(), environment, Set.of());
        }

        String variable() {
            return "SPILLWAY_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
        }

        @Override
        public String toString() {
            return service.service() + " " + name;
        }
    }

    static List<SecretOf> secrets() {
        List<SecretOf> secrets = new ArrayList<>();
        Map.of(CoordinatorSettings.DECLARATION, REQUIRED_OF_COORDINATOR, WorkerSettings.DECLARATION, REQUIRED_OF_WORKER)
                .forEach(
                        (service, required) -> service.descriptions()
                                .stream()
                                .filter(SettingDescription::isSecret)
                                .forEach(secret -> secrets.add(new SecretOf(service, required, secret.name()))));
        return secrets;
    }

    @ParameterizedTest
    @MethodSource("secrets")
    void aSecretIsHiddenWhereverItComesFrom(SecretOf secret) throws IOException, SettingsException {
        Path config = Files.writeString(folder.resolve("service.properties"), "# of the service\n%s=%s\n".formatted(secret.name, CANARY));
        Path file = Files.writeString(folder.resolve("secret"), CANARY);
        for (Sources sources : List.of(
                secret.given(List.of("--" + secret.name, CANARY), Map.of()),
                secret.given(List.of("--%s-file=%s".formatted(secret.name, file)), Map.of()),
                secret.given(List.of(), Map.of(secret.variable(), CANARY)),
                secret.given(List.of(), Map.of(secret.variable() + "_FILE", file.toString())),
                secret.given(List.of("--config=" + config), Map.of()))) {
            assertThat(secret.service.read(sources).print()).containsPattern("(?m)^%s += \\*\\*\\*  \\(from ".formatted(secret.name))
                    .doesNotContain(CANARY);
        }
        assertThat(secret.service.read(secret.given(List.of("--config=" + config), Map.of())).print())
                .contains("= ***  (from %s:2)".formatted(config));
        assertThat(secret.service.read(secret.given(List.of(), Map.of())).print())
                .containsPattern("(?m)^%s += -  \\(default\\)$".formatted(secret.name));
    }

    @ParameterizedTest
    @MethodSource("secrets")
    void aSecretIsHiddenWhenItsNameIsMistyped(SecretOf secret) throws IOException {
        String mistyped = secret.name + "x";
        Path config = Files.writeString(folder.resolve("service.properties"), "%s=%s\n".formatted(mistyped, CANARY));
        for (Sources sources : List.of(
                secret.given(List.of("--" + mistyped, CANARY), Map.of()),
                secret.given(List.of("--%s=%s".formatted(mistyped, CANARY)), Map.of()),
                secret.given(List.of("--%s:%s".formatted(secret.name, CANARY)), Map.of()),
                secret.given(List.of("-" + secret.name, CANARY), Map.of()),
                secret.given(List.of(secret.name + "=" + CANARY), Map.of()),
                secret.given(List.of("--%s=".formatted(secret.name), CANARY), Map.of()),
                secret.given(List.of("--%s=%s".formatted(secret.name, CANARY), "--%s=%s".formatted(secret.name, CANARY)), Map.of()),
                secret.given(List.of(), Map.of(secret.variable() + "X", CANARY)),
                secret.given(List.of("--config=" + config), Map.of()))) {
            SettingsException refused = catchThrowableOfType(SettingsException.class, () -> secret.service.read(sources));
            assertThat(refused).as("%s", sources.arguments()).isNotNull();
            assertThat(refused.getMessage()).isNotEmpty().doesNotContain(CANARY);
        }
    }

    @ParameterizedTest
    @MethodSource("secrets")
    void aTokenIsHiddenWhenItsFileIsTakenForTheSettings(SecretOf secret) throws IOException {
        String token = AccessToken.mint(new SecureRandom());
        Path file = Files.writeString(folder.resolve("token"), token + "\n");
        SettingsException refused =
                catchThrowableOfType(
                        SettingsException.class,
                        () -> secret.service.read(secret.given(List.of("--config=" + file), Map.of())));
        assertThat(refused).hasMessageContaining("%s:1", file).hasMessageNotContaining(token.substring(token.indexOf('_')));
    }
}
