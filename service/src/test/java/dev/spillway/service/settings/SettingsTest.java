package dev.spillway.service.settings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

class SettingsTest {
    private enum Mode {
        COPY, HARD_LINK
    }

    private static final Setting<String> DATABASE_URL = Setting.text("database-url", "Where PostgreSQL is");
    private static final Setting<Secret> PASSWORD = Setting.secret("database-password", "Its password").defaultTo(new Secret(""));
    private static final Setting<HostPort> LISTEN =
            Setting.address("listen", "Where to listen").defaultTo(HostPort.parse("127.0.0.1:7070"));
    private static final Setting<Duration> HEARTBEAT = Setting.duration("heartbeat", "Interval")
            .must("more than zero", Duration::isPositive)
            .defaultTo(Duration.ofSeconds(5));
    private static final Setting<Duration> HOST_TIMEOUT =
            Setting.duration("host-timeout", "Silence after which a host is away").defaultTo(Duration.ofSeconds(30));
    private static final Setting<Long> CACHE = Setting.bytes("cache-bytes", "Room").defaultTo(1024L);
    private static final Setting<Boolean> VERBOSE = Setting.flag("verbose", "Say more").defaultTo(false);
    private static final Setting<Integer> PORT = Setting.port("debug-port", "A port").defaultTo(0);
    private static final Setting<Integer> POOL =
            Setting.integer("pool-size", "Connections").must("1 to 100", size -> size >= 1 && size <= 100).defaultTo(10);
    private static final Setting<Long> EPOCH = Setting.longInteger("epoch", "Epoch").defaultTo(1L);
    private static final Setting<Optional<Path>> SOCKET =
            Setting.path("socket", "A Unix socket").must("an absolute path", Path::isAbsolute).optional();
    private static final Setting<List<HostPort>> BROKERS = Setting.addresses("kafka-servers", "Brokers").defaultTo(List.of());
    private static final Setting<Mode> MODE = Setting.oneOf(Mode.class, "mode", "How to take").defaultTo(Mode.COPY);

    private static final SettingsDeclaration DECLARATION = new SettingsDeclaration(
            "coordinator",
            List.of(DATABASE_URL, PASSWORD, LISTEN, HEARTBEAT, HOST_TIMEOUT, CACHE, VERBOSE, PORT, POOL, EPOCH, SOCKET, BROKERS, MODE),
            List.of(
                    new CrossCheck(
                            HOST_TIMEOUT,
                            HEARTBEAT,
                            "over 3 heartbeats",
                            (timeout, heartbeat) -> timeout.compareTo(heartbeat.multipliedBy(3)) > 0)));

    private static final String URL = "--database-url=jdbc:postgresql://127.0.0.1/spillway";

    @TempDir
    @Nullable
    Path folder;

    @Test
    void theCommandLineWinsOverTheEnvironmentThatOverTheFileThatOverTheDefault() throws Exception {
        var file = file("s.properties", "pool-size = 3\nheartbeat=3s\nepoch=3\n");
        var settings = DECLARATION.read(
                new Sources(
                        List.of(URL, "--config", file.toString(), "--pool-size", "1"),
                        Map.of("SPILLWAY_POOL_SIZE", "2", "SPILLWAY_HEARTBEAT", "2s")));
        assertThat(settings.get(POOL)).isEqualTo(1);
        assertThat(settings.get(HEARTBEAT)).isEqualTo(Duration.ofSeconds(2));
        assertThat(settings.get(EPOCH)).isEqualTo(3L);
        assertThat(settings.get(CACHE)).isEqualTo(1024L);
    }

    @Test
    void variablesOfOthersAreLeftAloneButNotMistypedOnesOfThisOne() throws Exception {
        var worker = new SettingsDeclaration(
                "worker",
                List.of(Setting.text("host-id", "Name"), Setting.secret("store-key", "Key"), LISTEN),
                List.of());
        var others = Stream.concat(worker.variables().stream(), Stream.of("SPILLWAY_URL")).collect(Collectors.toSet());
        var shared = Map.of("SPILLWAY_HOST_ID", "h", "SPILLWAY_STORE_KEY_FILE", "/x", "SPILLWAY_URL", "x", "PATH", "x");
        assertThat(DECLARATION.read(new Sources(List.of(URL), shared, others)).print()).doesNotContain("host-id");
        assertThat(DECLARATION.read(new Sources(List.of(URL), Map.of("SPILLWAY_LISTEN", "127.0.0.1:1"), others)).get(LISTEN).port())
                .as("a setting of both services")
                .isOne();
        assertThatThrownBy(() -> DECLARATION.read(new Sources(List.of(URL), Map.of("SPILLWAY_POOLSIZE", "3"), others)))
                .hasMessageContaining("SPILLWAY_POOLSIZE: unknown (expected: perhaps SPILLWAY_POOL_SIZE), from the environment");
        assertThatThrownBy(() -> DECLARATION.read(new Sources(List.of(URL, "--host-id=h"), Map.of(), others)))
                .hasMessageContaining("--host-id: unknown");
    }

    @Test
    void theFileCanBeNamedInTheEnvironment() throws Exception {
        var file = file("s.properties", "database-url=jdbc:x\n");
        assertThat(DECLARATION.read(new Sources(List.of(), Map.of("SPILLWAY_CONFIG", file.toString()))).get(DATABASE_URL))
                .isEqualTo("jdbc:x");
    }

    @ParameterizedTest
    @CsvSource({"10s, PT10S", "5m, PT5M", "2h, PT2H", "1d, PT24H", "250ms, PT0.25S", "PT10S, PT10S", "P1DT1S, PT24H1S"})
    void durationsAreIsoOrShort(String text, Duration duration) throws Exception {
        assertThat(read(URL, "--host-timeout=" + text, "--heartbeat=1ms").get(HOST_TIMEOUT)).isEqualTo(duration);
    }

    @ParameterizedTest
    @CsvSource({"4096, 4096", "1KiB, 1024", "512MiB, 536870912", "10GiB, 10737418240", "2TiB, 2199023255552", "0, 0"})
    void sizesArePlainOrBinary(String text, long bytes) throws Exception {
        assertThat(read(URL, "--cache-bytes=" + text).get(CACHE)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1:7070, 127.0.0.1, 7070", "localhost:0, localhost, 0", "[::1]:65535, ::1, 65535"})
    void addressesAreHostAndPort(String text, String host, int port) throws Exception {
        var address = read(URL, "--listen=" + text).get(LISTEN);
        assertThat(address).isEqualTo(new HostPort(host, port));
        assertThat(address).hasToString(text);
    }

    @Test
    void listsEnumsFlagsAndOptionalPathsAreTyped() throws Exception {
        var settings = read(
                URL,
                "--kafka-servers",
                "127.0.0.1:9092, [::1]:9093",
                "--mode=hard-link",
                "--verbose",
                "--socket=/run/s.sock",
                "--debug-port=81");
        assertThat(settings.get(BROKERS)).containsExactly(new HostPort("127.0.0.1", 9092), new HostPort("::1", 9093));
        assertThat(settings.get(MODE)).isEqualTo(Mode.HARD_LINK);
        assertThat(settings.get(VERBOSE)).isTrue();
        assertThat(settings.get(SOCKET)).contains(Path.of("/run/s.sock"));
        assertThat(settings.get(PORT)).isEqualTo(81);
        assertThat(read(URL, "--verbose", "false").get(VERBOSE)).isFalse();
        assertThat(read(URL).get(SOCKET)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            textBlock = """
                    --heartbeat=5x;            heartbeat: 5x (expected: a duration such as 10s, 5m or PT10S, more than zero), from the command line
                    --heartbeat=0s;            heartbeat: 0s (expected: a duration such as 10s, 5m or PT10S, more than zero), from the command line
                    --host-timeout=-PT1S;      host-timeout: -PT1S (expected: a duration such as 10s, 5m or PT10S), from the command line
                    --cache-bytes=10GB;        cache-bytes: 10GB (expected: a size in bytes such as 4096, 512MiB or 10GiB), from the command line
                    --cache-bytes=9999999TiB;  cache-bytes: 9999999TiB (expected: a size in bytes such as 4096, 512MiB or 10GiB), from the command line
                    --pool-size=101;           pool-size: 101 (expected: a whole number, 1 to 100), from the command line
                    --pool-size=;              pool-size: "" (expected: a whole number, 1 to 100), from the command line
                    --epoch=+5;                epoch: +5 (expected: a whole number), from the command line
                    --pool-size=+5;            pool-size: +5 (expected: a whole number, 1 to 100), from the command line
                    --pool-size=٥;             pool-size: ٥ (expected: a whole number, 1 to 100), from the command line
                    --debug-port=+81;          debug-port: +81 (expected: a port of 0 to 65535, 0 for any that is free), from the command line
                    --epoch=1.5;               epoch: 1.5 (expected: a whole number), from the command line
                    --listen=7070;             listen: 7070 (expected: host:port such as 127.0.0.1:7070), from the command line
                    --listen=::1:7070;         listen: ::1:7070 (expected: host:port such as 127.0.0.1:7070), from the command line
                    --listen=a:65536;          listen: a:65536 (expected: host:port such as 127.0.0.1:7070), from the command line
                    --debug-port=-1;           debug-port: -1 (expected: a port of 0 to 65535, 0 for any that is free), from the command line
                    --verbose=yes;             verbose: yes (expected: true or false), from the command line
                    --mode=move;               mode: move (expected: one of copy, hard-link), from the command line
                    --socket=s.sock;           socket: s.sock (expected: a path, an absolute path), from the command line
                    --kafka-servers=a;         kafka-servers: a (expected: a list, separated by commas, of: host:port such as 127.0.0.1:7070), from the command line
                    --databse-url=x;           --databse-url: unknown (expected: perhaps --database-url), from the command line
                    --quux=x;                  --quux: unknown (expected: a known setting, see --help), from the command line
                    --confg=x;                 --confg: unknown (expected: perhaps --config), from the command line
                    stray;                     argument 2: not a setting (expected: --name VALUE or --name=VALUE), from the command line
                    --epoch;                   epoch: no value (expected: a whole number), from the command line
                    --config=/nowhere/s.conf;  config: /nowhere/s.conf (expected: a properties file in UTF-8 that can be read: it does not exist), from the command line
                    """)
    void aProblemNamesTheSettingTheValueWhatWasExpectedAndTheSource(String argument, String problem) {
        assertThat(problems(new Sources(List.of(URL, argument), Map.of()))).containsExactly(problem);
    }

    @Test
    void allProblemsAreListedAtOnce() throws Exception {
        var file = file("s.properties", "heartbaet=5s\npool-size=zero\n");
        assertThat(
                problems(
                        new Sources(
                                List.of("--config=" + file, "--epoch=x", "--epoch=2", "--lsten=1"),
                                Map.of("SPILLWAY_CACHE_BYTES", "much", "SPILLWAY_HEARTBEATS", "5s"))))
                .containsExactly(
                        "epoch: given twice (expected: once), from the command line",
                        "--lsten: unknown (expected: perhaps --listen), from the command line",
                        "SPILLWAY_HEARTBEATS: unknown (expected: perhaps SPILLWAY_HEARTBEAT), from the environment",
                        "heartbaet: unknown (expected: perhaps heartbeat), from " + file + ":1",
                        "database-url: missing (expected: a text that is not empty), give --database-url or SPILLWAY_DATABASE_URL",
                        "cache-bytes: much (expected: a size in bytes such as 4096, 512MiB or 10GiB), from SPILLWAY_CACHE_BYTES",
                        "pool-size: zero (expected: a whole number, 1 to 100), from " + file + ":2",
                        "epoch: x (expected: a whole number), from the command line");
    }

    @Test
    void theMessageHasALineForEachProblemThatNamesTheService() {
        assertThatThrownBy(() -> DECLARATION.read(new Sources(List.of("--epoch=x"), Map.of()))).hasMessage("""
                coordinator: database-url: missing (expected: a text that is not empty), give --database-url or SPILLWAY_DATABASE_URL
                coordinator: epoch: x (expected: a whole number), from the command line""");
    }

    @Test
    void aKeyTwiceInTheFileIsAProblem() throws Exception {
        var file = file("s.properties", "epoch=1\nepoch=2\n");
        assertThat(problems(new Sources(List.of(URL, "--config=" + file), Map.of())))
                .containsExactly("epoch: given twice (expected: once), from " + file + ":2");
    }

    @Test
    void aValueOfTheFileIsFromItsLine() throws Exception {
        var file = file("s.properties", "# PostgreSQL\n\ndatabase-url : jdbc:x\n  ! more\npool-size\\\n=3\nepoch = 2\n");
        assertThat(problems(new Sources(List.of("--config=" + file), Map.of("SPILLWAY_EPOCH", "1")))).as("a continued setting")
                .contains("pool-size: \"\" (expected: a whole number, 1 to 100), from " + file + ":5");
        Files.writeString(file, "# PostgreSQL\n\ndatabase-url : jdbc:x\n  ! more\npool-size=3\nepoch = 2\n");
        assertThat(DECLARATION.read(new Sources(List.of("--config=" + file), Map.of("SPILLWAY_EPOCH", "1"))).print())
                .contains(
                        "database-url      = jdbc:x  (from " + file + ":3)\n",
                        "pool-size         = 3  (from " + file + ":5)\n",
                        "epoch             = 1  (from SPILLWAY_EPOCH)\n");
    }

    @Test
    void aLineThatIsNoSettingIsAProblemAndNotShown() throws Exception {
        var file = file("s.properties", "epoch=1\ndatabase-password=hunter2\\u00zz\n");
        assertThat(problems(new Sources(List.of(URL, "--config=" + file), Map.of()))).containsExactly(
                "line: not a setting (expected: NAME=VALUE, with four hexadecimal digits after \\u), from " + file + ":2");
    }

    @Test
    void aFileThatIsNotUtf8IsAProblem() throws Exception {
        var file = Files.write(folder().resolve("s.properties"), new byte[]{'a', '=', (byte) 0xFF});
        assertThat(problems(new Sources(List.of(URL, "--config=" + file), Map.of())))
                .containsExactly(
                        "config: " + file
                                + " (expected: a properties file in UTF-8 that can be read: it is not UTF-8), from the command line");
    }

    @Test
    void aConditionBetweenSettingsIsListedWithTheRest() {
        assertThat(problems(new Sources(List.of(URL, "--host-timeout=15s", "--epoch=x"), Map.of()))).containsExactly(
                "epoch: x (expected: a whole number), from the command line",
                "host-timeout: PT15S (expected: over 3 heartbeats, with heartbeat: PT5S), from the command line");
        assertThat(problems(new Sources(List.of(URL, "--heartbeat=10s"), Map.of())))
                .containsExactly("host-timeout: PT30S (expected: over 3 heartbeats, with heartbeat: PT10S), default");
        assertThat(problems(new Sources(List.of(URL, "--host-timeout=15s", "--heartbeat=x"), Map.of()))).hasSize(1);
    }

    @Test
    void aSecretComesFromAFileWithoutItsLineEndAndIsNeverPrinted() throws Exception {
        var secret = file("password", "hunter2 \n");
        var settings = read(URL + "?password=hunter2&ssl=true", "--database-password-file", secret.toString());
        assertThat(settings.get(PASSWORD).reveal()).isEqualTo("hunter2 ");
        assertThat(settings.get(PASSWORD)).hasToString("***");
        assertThat(settings.print()).doesNotContain("hunter2")
                .contains("database-password = ***  (from " + secret + ")")
                .contains("?password=***&ssl=true");
        assertThat(problems(new Sources(List.of(URL, "--database-pasword=hunter2", "--database-password="), Map.of())).toString())
                .doesNotContain("hunter2")
                .contains("perhaps --database-password");
    }

    @Test
    void aSecretGivenTwiceOrInAFileThatIsNotThereIsAProblem() throws Exception {
        var secret = file("password", "hunter2");
        assertThat(problems(new Sources(List.of(URL, "--database-password=a", "--database-password-file=" + secret), Map.of())))
                .containsExactly(
                        "database-password-file: " + secret + " (expected: either this or database-password), from the command line");
        assertThat(problems(new Sources(List.of(URL), Map.of("SPILLWAY_DATABASE_PASSWORD_FILE", "/nowhere/password"))))
                .containsExactly(
                        "database-password-file: /nowhere/password (expected: a file that can be read: it does not exist), from SPILLWAY_DATABASE_PASSWORD_FILE");
    }

    @Test
    void settingsPrintWithTheirSources() throws Exception {
        var text = DECLARATION.read(new Sources(List.of(URL), Map.of("SPILLWAY_POOL_SIZE", "2"))).print();
        assertThat(text.lines())
                .contains(
                        "database-url      = jdbc:postgresql://127.0.0.1/spillway  (from the command line)",
                        "pool-size         = 2  (from SPILLWAY_POOL_SIZE)",
                        "heartbeat         = PT5S  (default)",
                        "socket            = -  (default)",
                        "mode              = copy  (default)",
                        "kafka-servers     = -  (default)",
                        "cache-bytes       = 1KiB  (default)",
                        "database-password = -  (default)")
                .hasSize(13);
    }

    @Test
    void aPasswordInsideAnAddressIsNotPrinted() throws Exception {
        assertThat(read("--database-url=jdbc:postgresql://user:hunter2@db/x").print()).contains("://user:***@db/x");
    }

    @Test
    void theHelpNamesEverySettingWithWhatIsExpected() {
        assertThat(DECLARATION.help())
                .contains("  --database-url VALUE\n      Where PostgreSQL is\n      expected: a text that is not empty\n      required\n")
                .contains("  --verbose\n      Say more\n      expected: true or false\n      default: false\n")
                .contains("--socket VALUE")
                .contains("an absolute path\n      optional\n")
                .contains("default: PT5S")
                .contains("expected: a secret that is not empty\n      default: none\n")
                .contains("--database-password-file FILE");
    }

    @Test
    void valuesCanComeFromTheProgramItself() throws Exception {
        assertThat(DECLARATION.read(Sources.of(Map.of("database-url", "jdbc:a=b", "epoch", "-4"))).get(EPOCH)).isEqualTo(-4L);
    }

    @Test
    void aDeclarationWithOneNameTwiceIsRefused() {
        var same = Setting.text("database-password-file", "Clashes with the secret's file");
        assertThatThrownBy(() -> new SettingsDeclaration("x", List.of(PASSWORD, same), List.of()))
                .hasMessageContaining("database-password-file");
        assertThatThrownBy(() -> new SettingsDeclaration("x", List.of(EPOCH, EPOCH), List.of())).hasMessageContaining("epoch");
        assertThatThrownBy(() -> Setting.text("databaseUrl", "Not kebab-case")).hasMessageContaining("databaseUrl");
    }

    private static Settings read(String... arguments) throws SettingsException {
        return DECLARATION.read(new Sources(List.of(arguments), Map.of()));
    }

    private static List<String> problems(Sources sources) {
        var refused = catchThrowableOfType(SettingsException.class, () -> DECLARATION.read(sources));
        return refused.problems().stream().map(SettingProblem::toString).toList();
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder().resolve(name), text);
    }

    private Path folder() {
        return Objects.requireNonNull(folder);
    }
}
