package dev.spillway.dev.fleet;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.cli.Console;
import dev.spillway.dev.DevMain;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Tests the output and exit codes of commands against a real fleet. */
class CommandLineTest extends FleetOfTwo {
    private Spillway.Ran run(String... arguments) {
        List<String> all = new ArrayList<>(List.of(arguments));
        int end = all.indexOf("--");
        all.addAll(end < 0 ? all.size() : end, List.of("--url", fleet.url()));
        return Spillway.run(all.toArray(String[]::new));
    }

    private Spillway.Ran done(String... arguments) {
        Spillway.Ran ran = run(arguments);
        assertThat(ran.exitCode()).as(String.join(" ", arguments) + ": " + ran).isZero();
        return ran;
    }

    static Stream<List<String>> wrongUsages() {
        return Stream.of(
                List.of("namespace: Upper (expected: [a-z0-9]", "ls", "Upper"),
                List.of("namespace: a/b (expected:", "put", "a/b", "key", "/tmp"),
                List.of("(expected: 1 to 1024 bytes of UTF-8, not 1025)", "get", "ns", "k".repeat(1025)),
                List.of("(expected: 1 to 1024 bytes of UTF-8, not 0)", "rm", "ns", ""),
                List.of("-3 (expected: a whole number", "namespace", "set", "ns", "--max-entries=-3"),
                List.of("12 parrots (expected: a size in bytes", "namespace", "set", "ns", "--max-bytes", "12 parrots"),
                List.of(
                        "'--max-eviction-share': 1.5 (expected: a number above 0 and at most 1)",
                        "namespace",
                        "set",
                        "ns",
                        "--max-eviction-share",
                        "1.5"),
                List.of(
                        "0 (expected: a whole number of 1 to 9223372036854775807, or none)",
                        "namespace",
                        "set",
                        "ns",
                        "--max-entries",
                        "0"),
                List.of(
                        "99999999999999999999 (expected: a whole number of 1 to 9223372036854775807, or none)",
                        "namespace",
                        "set",
                        "ns",
                        "--max-entries",
                        "99999999999999999999"),
                List.of("many (expected: a whole number of 1 to 9223372036854775807)", "ls", "ns", "--limit", "many"),
                List.of("+5 (expected: a whole number of 1 to 9223372036854775807)", "ls", "ns", "--limit", "+5"),
                List.of("\u0665 (expected: a whole number of 1 to 9223372036854775807)", "ls", "ns", "--limit", "\u0665"),
                List.of(
                        "+5 (expected: a whole number of 1 to 9223372036854775807, or none)",
                        "namespace",
                        "set",
                        "ns",
                        "--max-entries",
                        "+5"),
                List.of("+2 (expected: a whole number of 0 to 2147483647)", "dev", "--hosts", "+2"),
                List.of(
                        "'--max-eviction-share': +0.5 (expected: a number above 0 and at most 1)",
                        "namespace",
                        "set",
                        "ns",
                        "--max-eviction-share",
                        "+0.5"),
                List.of(
                        "'--max-eviction-share': 0x1p-1 (expected: a number above 0 and at most 1)",
                        "namespace",
                        "set",
                        "ns",
                        "--max-eviction-share",
                        "0x1p-1"),
                List.of("-1 (expected: a whole number of 0 to 9223372036854775807)", "prune", "ns", "--max-entries=-1"),
                List.of("1y (expected: a duration such as", "namespace", "set", "ns", "--ttl", "1y"),
                List.of("'--low-watermark'", "namespace", "set", "ns", "--low-watermark", "80%"),
                List.of("Missing required option: '--reason=TEXT'", "pin", "ns", "key"),
                List.of("reason:   (expected: a reason that is more than blanks)", "pin", "ns", "key", "--reason", " "),
                List.of("tomorrow (expected: a time such as", "pin", "ns", "key", "--reason", "r", "--until", "tomorrow"),
                List.of("no bound given (expected: at least one of", "prune", "ns", "--prefix", "a"),
                List.of("planId: 7 (expected: a UUID", "plans", "apply", "7"),
                List.of("no command given", "plans"),
                List.of("whim (expected: one of CAPACITY, ", "evictions", "--cause", "whim"),
                List.of("soon (expected: a duration such as", "get", "ns", "key", "--hold", "soon"),
                List.of("'--hold': 0s (expected: more than zero)", "get", "ns", "key", "--hold", "0s"),
                List.of(
                        "'--for': PT0S (expected: more than zero)",
                        "holds",
                        "extend",
                        "01a1fc01-591f-7b6c-9cdd-0b4e5bb2f6da",
                        "--for",
                        "PT0S"),
                List.of("'--since': event: yesterday (expected: the id of an event, such as 1234-56)", "events", "--since", "yesterday"),
                List.of("hardlink (expected: copy or move or reflink)", "put", "ns", "key", "/tmp", "--mode", "hardlink"),
                List.of("'' (expected: a path)", "put", "ns", "key", "", "--mode", "move"),
                List.of("'' (expected: a path)", "hosts", "--token-file", ""),
                List.of("king' (expected: reader, writer", "token", "create", "me", "--role", "king"),
                List.of("shut (expected: open or closed)", "evictions", "--state", "shut"),
                List.of("evictionId: 7 (expected: a UUID", "evictions", "7"),
                List.of("'--limit': 0 (expected: a whole number of 1 to 9223372036854775807)", "ls", "ns", "--limit", "0"),
                List.of("'--label': colour (expected: NAME=VALUE)", "ls", "ns", "--label", "colour"),
                List.of("colour (expected: NAME=VALUE)", "put", "ns", "key", "/tmp", "--label", "a=b", "--label", "colour"),
                List.of("Missing required parameter", "put", "ns", "key"),
                List.of("Unknown option: '--colour'", "hosts", "--colour"),
                List.of("Unmatched argument at index 0: 'evict'", "evict"),
                List.of("no command given"),
                List.of("no command given", "namespace"),
                List.of("--hosts: 0 (expected: 1 to 100)", "dev", "--hosts", "0"),
                List.of("'--data': '' (expected: a path)", "dev", "--data", ""),
                List.of("--port: 65530 (expected: 1 to ", "dev", "--port", "65530"),
                List.of("benchmark: nothing (expected: registry: ", "bench", "nothing"),
                List.of("--minutes: 11 (expected: 1 to 10)", "bench", "registry", "--minutes", "11"),
                List.of("--minutes: 2 (expected: not together with --quick)", "bench", "registry", "--quick", "--minutes", "2"),
                List.of("--url or SPILLWAY_URL: '' (expected: host:port", "hosts", "--url", ""),
                List.of("--url or SPILLWAY_URL: '127.0.0.1:1,' (expected: host:port", "hosts", "--url", "127.0.0.1:1,"),
                List.of("--worker or SPILLWAY_WORKER: '' (expected: host:port", "status", "--worker", ""),
                List.of("address: nowhere (expected: host:port", "hosts", "--url", "nowhere"),
                List.of("--orders: given without a host (expected: HOST --orders)", "hosts", "--orders"),
                List.of("--limit: given without --orders (expected: both, or neither)", "hosts", "host-1", "--limit", "5"),
                List.of("hostId: Host_1 (expected:", "status", "--worker", "Host_1"),
                List.of(
                        "spillway: pager: Upper (expected: 1 to 63 of a-z, 0-9, dot, hyphen and underscore, the first a letter or a digit); "
                                + "see spillway pagers capture --help\n",
                        "pagers",
                        "capture",
                        "Upper",
                        "kv",
                        "key"),
                List.of("spillway: pager: Upper (expected: 1 to 63", "pagers", "detach", "Upper"),
                List.of("loud (expected: trace, debug, info, warn, error, off or inherit)", "log-level", "dev.spillway", "loud"));
    }

    @ParameterizedTest
    @MethodSource("wrongUsages")
    void whatCanNeverBeRightIsRefusedWithoutAskingAnyone(List<String> usage) {
        Spillway.Ran ran = Spillway.run(usage.subList(1, usage.size()).toArray(String[]::new));
        assertThat(ran.exitCode()).as(ran.toString()).isEqualTo(2);
        assertThat(ran.err()).contains(usage.getFirst()).doesNotContain("dev.spillway.events");
        assertThat(ran.err().lines().filter(line -> line.startsWith("spillway: "))).hasSize(1);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void aServerThatIsNotThereIsNamed() {
        int port = Ports.free(1).getFirst();
        Spillway.Ran coordinator = Spillway.run("hosts", "--url", "127.0.0.1:" + port);
        assertThat(coordinator.exitCode()).isEqualTo(4);
        assertThat(coordinator.err()).isEqualTo(
                "spillway: coordinator at http://127.0.0.1:" + port
                        + ": not reachable, connection refused (expected: a running coordinator; --url or SPILLWAY_URL says where)\n");

        Spillway.Ran worker = Spillway.run("get", "ns", "key", "--worker", "127.0.0.1:" + port);
        assertThat(worker.exitCode()).isEqualTo(4);
        assertThat(worker.err()).startsWith("spillway: worker at http://127.0.0.1:" + port + ": not reachable").hasLineCount(1);
    }

    @Test
    void theNextCoordinatorIsAskedWhereOneDoesNotAnswer() {
        List<Integer> ports = Ports.free(2);
        String absent = "127.0.0.1:" + ports.getFirst();
        for (List<String> command : List.of(
                List.of("hosts"),
                List.of("namespace", "set", "several", "--max-entries", "1"),
                List.of("namespace", "ls", "--json"))) {
            Spillway.Ran ran = Spillway
                    .run(Stream.concat(command.stream(), Stream.of("--url", absent + ", " + fleet.url())).toArray(String[]::new));
            assertThat(ran.exitCode()).as(ran.toString()).isZero();
        }
        Spillway.Ran none = Spillway.run("hosts", "--url", absent + ",127.0.0.1:" + ports.getLast());
        assertThat(none.exitCode()).isEqualTo(4);
        assertThat(none.err()).isEqualTo(
                "spillway: coordinator at http://" + absent + ", http://127.0.0.1:" + ports.getLast()
                        + ": not reachable, connection refused (expected: a running coordinator; --url or SPILLWAY_URL says where)\n");
    }

    @Test
    void aServiceOfTheOtherKindIsNamed() {
        String worker = fleet.workerUrl(1);
        for (List<String> command : List.of(
                List.of("hosts"),
                List.of("events"),
                List.of("namespace", "set", "elsewhere"),
                List.of("retire", "host-1"),
                List.of("clean", "elsewhere", "--yes"))) {
            Spillway.Ran ran = Spillway.run(Stream.concat(command.stream(), Stream.of("--url", worker)).toArray(String[]::new));
            assertThat(ran.exitCode()).as(ran.toString()).isEqualTo(1);
            assertThat(ran.err()).as(command.toString())
                    .isEqualTo(
                            "spillway: worker-host-1 answers at " + worker
                                    + " (expected: a coordinator; --url or SPILLWAY_URL says where)\n");
        }
        for (List<String> command : List.of(
                List.of("status"),
                List.of("holds", "ls"),
                List.of("get", "elsewhere", "key"),
                List.of("put", "elsewhere", "key", tree.toString()))) {
            Spillway.Ran ran = Spillway.run(Stream.concat(command.stream(), Stream.of("--worker", fleet.url())).toArray(String[]::new));
            assertThat(ran.exitCode()).as(ran.toString()).isEqualTo(1);
            assertThat(ran.err()).as(command.toString())
                    .isEqualTo(
                            "spillway: coordinator answers at " + fleet.url()
                                    + " (expected: a worker; --worker or SPILLWAY_WORKER says where)\n");
        }
    }

    @Test
    void levelsOfTheCoordinatorAndOfAWorkerAreShownAndChanged() {
        assertThat(done("log-level").lines()).first().asString().matches("LOGGER +LEVEL +EFFECTIVE");
        assertThat(done("log-level").out()).containsPattern("(?m)^ROOT +WARN +WARN$").containsPattern("(?m)^dev.spillway +INFO +INFO$");
        for (List<String> where : List.of(List.<String>of(), List.of("--worker", "host-1"), List.of("--worker", fleet.workerUrl(1)))) {
            String[] debug = Stream.concat(Stream.of("log-level", "dev.spillway.worker", "debug"), where.stream()).toArray(String[]::new);
            assertThat(done(debug).out()).containsPattern("(?m)^dev.spillway.worker +DEBUG +DEBUG$").hasLineCount(2);
            assertThat(done("log-level", "dev.spillway.worker").lines()).hasSizeGreaterThan(3)
                    .allSatisfy(line -> assertThat(line).matches("LOGGER .*|dev\\.spillway\\.worker.* DEBUG"));
            assertThat(done("log-level", "dev.spillway.worker", "inherit", "--json").out())
                    .isEqualTo("{\"name\":\"dev.spillway.worker\",\"effectiveLevel\":\"INFO\"}\n");
        }
        for (String[] invented : List.of(
                new String[]{"log-level", "dev.spillway.invented", "debug"},
                new String[]{"log-level", "dev.spillway.invented"})) {
            Spillway.Ran ran = run(invented);
            assertThat(ran.exitCode()).isEqualTo(3);
            assertThat(ran.err()).startsWith("spillway: There is no such logger: logger: dev.spillway.invented (expected: ROOT, or ");
            assertThat(ran.out()).isEmpty();
        }
    }

    @Test
    void aHostNameThatNobodyKnowsIsSaidToBeUnknown() {
        for (List<String> command : List.of(
                List.of("hosts", "--url", "fleet.invalid:7070"),
                List.of("events", "--url", "fleet.invalid:7070"),
                List.of("status", "--worker", "fleet.invalid:7070"))) {
            Spillway.Ran ran = Spillway.run(command.toArray(String[]::new));
            assertThat(ran.exitCode()).as(ran.toString()).isEqualTo(4);
            assertThat(ran.err()).contains(" at http://fleet.invalid:7070: not reachable, unknown host name (expected: ").hasLineCount(1);
        }
    }

    @Test
    void aHoldBeyondTheLongestIsShownAsItWasGiven() {
        done("namespace", "set", "long");
        done("put", "long", "key", tree.toString(), "--worker", "host-1");
        Spillway.Ran granted = run("get", "long", "key", "--hold", "999999d", "--worker", "host-1");
        assertThat(granted.exitCode()).isEqualTo(1);
        assertThat(granted.err()).contains("hold: 999999d (expected: more than zero, at most PT24H)").hasLineCount(1);
        String hold = done("get", "long", "key", "--hold", "1m", "--worker", "host-1").err().split(" ", -1)[1];
        Spillway.Ran extended = run("holds", "extend", hold, "--for", "48h", "--worker", "host-1");
        assertThat(extended.exitCode()).isEqualTo(1);
        assertThat(extended.err()).contains("duration: 48h (expected: more than zero, at most PT24H)").hasLineCount(1);
        done("holds", "release", hold, "--worker", "host-1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"coordinator", "worker"})
    void helpFitsATerminalAndNamesEachDefault(String service) {
        List<String> help = Spillway.run(service, "--help").lines();
        assertThat(help.getFirst()).startsWith("Usage: spillway " + service + " ");
        assertThat(help).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(110).doesNotEndWith("default:"));
        assertThat(help.stream().filter(line -> line.contains("default: "))).hasSizeGreaterThan(5)
                .allMatch(line -> line.startsWith("      "));
        assertThat(help.stream().dropWhile(line -> !line.equals("Settings:")).skip(1).takeWhile(line -> !line.isEmpty()))
                .allMatch(line -> line.matches("  --.*| {6}.*"));
    }

    @Test
    void whatIsNotThereEndsWithThree() {
        assertThat(done("namespace", "set", "absent").out()).startsWith("absent: no limit of entries, no limit of bytes; ");
        for (List<String> missing : List.of(
                List.of("ls", "no-such"),
                List.of("stats", "no-such"),
                List.of("rm", "absent", "key"),
                List.of("get", "absent", "key", "--worker", "host-1"),
                List.of("hosts", "host-9"),
                List.of("hosts", "host-9", "--orders"),
                List.of("retire", "host-9"),
                List.of("status", "--worker", "host-9"),
                List.of("evictions", "01a1fc01-591f-7b6c-9cdd-0b4e5bb2f6da"),
                List.of("holds", "release", "01a1fc01-591f-7b6c-9cdd-0b4e5bb2f6da", "--worker", "host-1"),
                List.of("advise", "no-such"),
                List.of("clean", "no-such", "--yes"))) {
            Spillway.Ran ran = run(missing.toArray(String[]::new));
            assertThat(ran.exitCode()).as(missing + ": " + ran).isEqualTo(3);
            assertThat(ran.err()).as(missing.toString()).startsWith("spillway: ").hasLineCount(1).contains("(expected: ");
        }
    }

    /** Four puts of keys that are not there are four accesses. The last one is of a key that a third entry had driven out. */
    @Test
    void aSizeIsAdvisedForAHitRate() {
        done("namespace", "set", "advised", "--max-entries", "2", "--max-bytes", "1GiB");
        for (String key : List.of("one", "two", "three", "one")) {
            done("put", "advised", key, tree.toString(), "--worker", "host-1");
        }
        assertThat(done("advise", "advised", "--hit-rate", "0.25").out()).startsWith("a hit rate of 25.0 % takes 3 entries or ")
                .endsWith(" (now: 0.0 %), as estimated from 4 accesses\n");
        assertThat(json(done("advise", "advised", "--hit-rate", "0.25", "--json").out()).get("maxEntries").asLong()).isEqualTo(3);
        assertThat(done("advise", "advised").out()).containsPattern(" 1 x +2 +0.0 % ").containsPattern(" 2 x +4 +25.0 % ");
        assertThat(json(done("advise", "advised", "--json").out()).get("accesses").asLong()).isEqualTo(4);
        assertThat(done("prune", "advised", "--max-entries", "1", "--dry-run").out()).contains("costs about 0.0 points of the hit rate");

        Spillway.Ran unreachable = run("advise", "advised", "--hit-rate", "0.9");
        assertThat(unreachable.exitCode()).as(unreachable.toString()).isEqualTo(1);
        assertThat(unreachable.err()).contains("no size has a hit rate of 90.0 %").contains("at most 25.0 %");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"plain", "a/b/../c", "..", ".", "%2F", "a b+c", "@file", "-dash", "größe 木", "a?b#c&d=e", "tab\there", "\"quoted\""})
    void keysAreOpaque(String key) throws IOException {
        String namespace = "opaque";
        done("namespace", "set", namespace);
        String stored = done("put", "--worker", "host-1", "--json", "--", namespace, key, tree.toString()).out();
        String path = done("get", "--worker", "host-1", "--", namespace, key).out().strip();
        assertThat(TreePicture.of(Path.of(path))).isEqualTo(TreePicture.of(tree));
        assertThat(stored).contains(path);

        JsonNode listed = json(done("ls", namespace, "--json").out());
        assertThat(listed.get("items").findValuesAsText("key")).containsExactly(key);
        done("rm", "--", namespace, key);
        assertThat(run("get", "--fresh", "--worker", "host-1", "--", namespace, key).exitCode()).isEqualTo(3);
    }

    @Test
    void aKeyTurnsNoDirectionAndMovesNoCursorOfATable() throws IOException {
        String key = "a\u202egnp.exe\u001b[2J\u2028b";
        done("namespace", "set", "marks");
        done("put", "--worker", "host-1", "marks", key, tree.toString());
        assertThat(done("ls", "marks").out()).contains("a?gnp.exe?[2J?b ");
        assertThat(json(done("ls", "marks", "--json").out()).at("/items/0/key").asText()).isEqualTo(key);
    }

    @Test
    void ofANamespaceThatNobodyReadNoHitRateIsKnown() {
        done("namespace", "set", "unread", "--max-entries", "2");
        assertThat(done("advise", "unread").out()).startsWith("namespace unread: nothing was read yet");
        Spillway.Ran size = run("advise", "unread", "--hit-rate", "0.5");
        assertThat(size.exitCode()).isEqualTo(1);
        assertThat(size.err()).contains("namespace unread: nothing was read yet");
    }

    @Test
    void whatIsCheapToMakeAgainGoesFirstUnderGdsf() throws Exception {
        assertThat(done("namespace", "set", "costly", "--max-entries", "2", "--eviction-policy", "gdsf").out()).contains("evicted by GDSF");
        done("put", "costly", "dear", tree.toString(), "--worker", "host-1", "--label", "rebuild-seconds=340", "--label", "team=a=b");
        done("put", "costly", "cheap", tree.toString(), "--worker", "host-1", "--label", "rebuild-seconds=2");
        assertThat(done("ls", "costly").out()).containsPattern("dear .* rebuild-seconds=340,team=a=b");
        assertThat(done("ls", "costly", "--label", "team=a=b").lines()).hasSize(2);
        assertThat(run("put", "costly", "dear", tree.toString(), "--worker", "host-1", "--label", "team=a", "--label", "team=b").err())
                .contains("--label: team=b (expected: each name once)");
        Spillway.Ran third = done("put", "costly", "another", tree.toString(), "--worker", "host-1", "--label", "rebuild-seconds=30");
        assertThat(third.lines().get(1)).startsWith("evicted  cheap");
    }

    @Test
    void theOldestGoesWhenANamespaceIsFull() throws Exception {
        assertThat(done("namespace", "set", "full", "--max-entries", "2", "--max-bytes", "1GiB").out())
                .isEqualTo("full: at most 2 entries, at most 1.0 GiB; one prune or lowered limit evicts at most a share of 0.5\n");
        done("put", "full", "one", tree.toString(), "--worker", "host-1", "--description", "the first");
        done("put", "full", "two", tree.toString(), "--worker", fleet.workerUrl(2));
        Spillway.Ran third = done("put", "full", "three", tree.toString(), "--worker", "host-1");
        assertThat(third.lines().get(1)).startsWith("evicted  one").endsWith("CAPACITY");

        assertThat(done("ls", "full").lines()).hasSize(3).first().asString().startsWith("KEY");
        assertThat(done("ls", "full", "--prefix", "tw").out()).contains("two").doesNotContain("three");
        assertThat(done("ls", "full", "--limit", "1").lines()).hasSize(2);
        assertThat(done("namespace", "ls").out()).containsPattern("full +2 +2 ");
        assertThat(done("stats", "full").out()).contains("2 of 2").contains("1 CAPACITY");
        assertThat(done("hosts").lines()).hasSize(3).element(1).asString().startsWith("host-1  ACTIVE");
        // A file system without a fixed number of inodes has none to show.
        String inodes = Set.of("btrfs", "zfs", "bcachefs").contains(Files.getFileStore(scratch).type()) ? "" : ", [1-9][0-9]* inodes";
        Eventually.holds(
                FleetInProcess.WITHIN,
                () -> assertThat(done("hosts", "host-1").out()).contains("incarnation")
                        .containsPattern("free on the disk +[0-9.]+ .iB" + inodes + " *\\R"));
        assertThat(done("status", "--worker", "host-2").out()).containsPattern("registry +ready").containsPattern("kafka +ready");

        Eventually.holds(
                FleetInProcess.WITHIN,
                () -> assertThat(done("evictions", "--namespace", "full").out())
                        .containsPattern("full +one .* CAPACITY .* closed +host-1 DELETED"));
        String id = json(done("evictions", "--namespace", "full", "--json").out()).get("items").get(0).get("id").asText();
        assertThat(done("evictions", id).out()).contains("full/one").containsPattern("host-1 +DELETED");
        assertThat(done("evictions", "--host", "host-2", "--namespace", "full").lines()).hasSize(1);
    }

    @Test
    void limitsThatWouldEvictTooMuchAreRefused() {
        done("namespace", "set", "careful");
        for (int number = 0; number < 12; number++) {
            done("put", "careful", "key-" + number, tree.toString(), "--worker", "host-1");
        }
        Spillway.Ran refused = run("namespace", "set", "careful", "--max-entries", "1");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("maxEntries: would evict 11 of 12 entries (expected: at most 6 without asking")
                .containsPattern("; to evict them: spillway plans apply [-0-9a-f]{36}\n$")
                .doesNotContain("POST", "/v1/")
                .hasLineCount(1);
        assertThat(done("namespace", "set", "careful", "--max-entries", "1", "--max-eviction-share", "1").out())
                .contains("evicted 11 entries");
    }

    @Test
    void aPolicyIsSetAndItsLimitsAreRemoved() {
        assertThat(
                done("namespace", "set", "timed", "--ttl", "7d", "--max-idle", "12h", "--low-watermark", "0.8", "--max-entries", "10")
                        .out())
                .isEqualTo(
                        "timed: at most 10 entries, no limit of bytes, for 7 d at most, for 12 h without use at most, "
                                + "down to a share of 0.8 when that is exceeded; one prune or lowered limit evicts at most a share of 0.5\n");
        assertThat(done("namespace", "set", "timed", "--ttl", "none", "--max-entries", "none").out())
                .startsWith("timed: no limit of entries, no limit of bytes, for 12 h without use at most,");
        assertThat(done("namespace", "ls").lines()).first()
                .asString()
                .matches(
                        "NAMESPACE +ENTRIES +AT MOST +BYTES +AT MOST +TTL +MAX IDLE +LOW WATERMARK +SHARE +BACKEND +MIN RESIDENCY +WRITE ONCE +POLICY");
        assertThat(done("namespace", "ls").out()).containsPattern("(?m)^timed +0 +- +0 B +- +- +12 h +0.8 +0.5 +directory +- +no +lru$");
        JsonNode timed = json(done("namespace", "set", "timed", "--low-watermark", "none", "--max-idle", "none", "--json").out());
        assertThat(timed.has("maxIdle")).isFalse();
        assertThat(timed.get("lowWatermark").asDouble()).isEqualTo(1);
    }

    @Test
    void aNamespaceOfArtifactsIsSetAndListed() {
        assertThat(done("namespace", "set", "builds", "--backend", "artifact", "--min-residency", "PT3H", "--write-once").out())
                .isEqualTo(
                        "builds: no limit of entries, no limit of bytes, of artifacts, kept for PT3H after each use, written once; "
                                + "one prune or lowered limit evicts at most a share of 0.5\n");
        assertThat(done("namespace", "ls").out()).containsPattern("(?m)^builds .* 0.5 +artifact +3 h +yes +lru$");
        JsonNode builds = json(done("namespace", "set", "--write-once=false", "builds", "--min-residency", "none", "--json").out());
        assertThat(builds.get("backend").asText()).isEqualTo("ARTIFACT");
        assertThat(builds.get("writeOnce").asBoolean()).isFalse();
        assertThat(builds.has("minResidency")).isFalse();
        assertThat(json(done("namespace", "set", "--write-once", "builds", "--json").out()).get("writeOnce").asBoolean()).isTrue();
        assertThat(done("namespace", "set", "builds", "--eviction-policy", "gdsf").out()).contains(", evicted by GDSF; ");
        assertThat(done("namespace", "ls").out()).containsPattern("(?m)^builds .* +yes +gdsf$");
        assertThat(json(done("namespace", "set", "builds", "--eviction-policy", "none", "--json").out()).get("evictionPolicy").asText())
                .isEqualTo("LRU");
    }

    @Test
    void whatExpiresGoesFromItsHostByItself() {
        done("namespace", "set", "brief", "--ttl", "1s");
        done("put", "brief", "key", tree.toString(), "--worker", "host-1");
        Eventually.holds(
                FleetInProcess.WITHIN,
                () -> assertThat(done("evictions", "--namespace", "brief", "--cause", "EXPIRED").out())
                        .containsPattern("brief +key .* EXPIRED .* closed +host-1 DELETED"));
        String id = json(done("evictions", "--namespace", "brief", "--json").out()).get("items").get(0).get("id").asText();
        assertThat(done("evictions", id).out()).contains("because of EXPIRED, asked for by registry:sweep");
    }

    @Test
    void aPinnedEntryStaysUntilItIsUnpinned() {
        done("namespace", "set", "pins", "--max-entries", "1");
        done("put", "pins", "a", tree.toString(), "--worker", "host-1");
        assertThat(done("pin", "pins", "a", "--reason", "release 4", "--until", "2099-12-31T00:00:00Z").out())
                .isEqualTo("pinned a until 2099-12-31T00:00:00Z\n");
        done("put", "pins", "b", tree.toString(), "--worker", "host-1");
        assertThat(done("ls", "pins").out()).contains("PINNED").contains("until 2099-12-31T00:00:00Z: release 4");
        assertThat(done("stats", "pins").out()).contains("2 of 1, 1 pinned");
        assertThat(done("pin", "pins", "a", "--reason", "for good").out()).isEqualTo("pinned a, without an end\n");
        assertThat(done("unpin", "pins", "a").out()).isEqualTo("unpinned a\n");
        assertThat(done("unpin", "pins", "a").out()).isEqualTo("a was not pinned\n");
        assertThat(done("ls", "pins").out()).doesNotContain("PINNED");

        Spillway.Ran late = run("pin", "pins", "a", "--reason", "x", "--until", "2020-01-01T00:00:00Z");
        assertThat(late.exitCode()).isEqualTo(1);
        assertThat(late.err()).contains("until: 2020-01-01T00:00:00Z (expected: a time after ").hasLineCount(1);
        assertThat(run("pin", "pins", "none", "--reason", "x").exitCode()).isEqualTo(3);
        assertThat(run("unpin", "nowhere", "a").exitCode()).isEqualTo(3);
    }

    @Test
    void aPruneIsPlannedShownAndApplied() {
        done("namespace", "set", "pruned");
        for (int number = 0; number < 12; number++) {
            done("put", "pruned", "key-" + number, tree.toString(), "--worker", "host-1");
        }
        Spillway.Ran planned = done("prune", "pruned", "--max-entries", "2", "--dry-run");
        assertThat(planned.lines().getFirst()).startsWith("plan ").contains(": evict 10 entries of 12 (").endsWith(" from pruned");
        assertThat(planned.lines().get(1)).as("nobody has read anything")
                .isEqualTo("costs about 0.0 points of the hit rate until pruned has grown again");
        assertThat(planned.lines().get(3)).containsPattern("^ +1 +key-0 .* OVER_MAX_ENTRIES +-$");
        assertThat(planned.lines()).hasSize(14);
        String id = planned.lines().getLast().replaceFirst(".* ", "");
        assertThat(planned.lines().getLast()).endsWith(": spillway plans apply " + id);
        assertThat(done("ls", "pruned").lines()).hasSize(13);

        Spillway.Ran refused = run("prune", "pruned", "--max-entries", "2");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("prune: would evict 10 of 12 entries").contains(": spillway plans apply ").hasLineCount(1);
        assertThat(done("prune", "pruned", "--max-entries", "1", "--prefix", "key-1").out()).contains(": evicted 2 entries (");

        Spillway.Ran applied = done("plans", "apply", id);
        assertThat(applied.lines().getFirst()).contains(": evicted 9 entries (").endsWith(" from pruned, 1 gone before");
        assertThat(applied.lines().get(2)).containsPattern("^ +2 +key-1 .* GONE$");
        assertThat(done("plans", "show", id).out()).isEqualTo(applied.out());
        List<String> plans = done("plans", "ls", "--namespace", "pruned").lines();
        assertThat(plans.getFirst()).startsWith("MADE").endsWith("ID");
        assertThat(plans).hasSize(4);
        assertThat(plans.getLast()).containsPattern("^\\d+ s ago +pruned +PRUNE +APPLIED +10 +12 .* 9 +\\S+ +" + id + "$");
        assertThat(json(done("plans", "ls", "--json", "--limit", "1").out()).get("items")).hasSize(1);
        assertThat(done("evictions", "--plan", id, "--cause", "pruned").out()).contains("PRUNED");
        assertThat(run("plans", "apply", "01a1fc01-591f-7b6c-9cdd-0b4e5bb2f6da").exitCode()).isEqualTo(3);
    }

    @Test
    void aTimeToLiveThatWouldEmptyANamespaceIsPlanned() {
        done("namespace", "set", "aged");
        for (int number = 0; number < 10; number++) {
            done("put", "aged", "key-" + number, tree.toString(), "--worker", "host-1");
        }
        Eventually.holds(Eventually.HANG, () -> {
            Instant over = Instant.now().minusSeconds(1);
            json(done("ls", "aged", "--json").out()).get("items")
                    .forEach(entry -> assertThat(Instant.parse(entry.get("createdAt").asText())).isBefore(over));
        });
        Spillway.Ran refused = run("namespace", "set", "aged", "--ttl", "1s");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("ttl: would evict 10 of 10 entries (expected: at most 5 without asking").hasLineCount(1);
        assertThat(done("ls", "aged").lines()).hasSize(11);
        String id = done("plans", "ls", "--namespace", "aged").lines().get(1).replaceFirst(".* ", "");
        assertThat(done("plans", "show", id).out()).contains("EXPIRED");
        done("plans", "apply", id);
        assertThat(done("namespace", "ls", "--json").out()).contains("\"ttl\":\"PT1S\"");
    }

    @Test
    void aHostThatIsHeardIsNotRetiredWithoutAnAnswer() {
        Spillway.Ran declined = Spillway.answering("host-2\n", "retire", "host-1", "--url", fleet.url());
        assertThat(declined.exitCode()).isEqualTo(1);
        assertThat(declined.err()).contains("host-1 is ACTIVE, heard ")
                .contains("nothing was retired: answer: host-2 (expected: host-1, or --yes)");
        assertThat(run("retire", "host-1").err()).contains("nothing was retired: answer: none (expected: host-1, or --yes)");
        assertThat(done("hosts", "host-1").out()).containsPattern("state +ACTIVE");
    }

    @Test
    void onlyTheExpectedSnapshotIsDeleted() {
        done("namespace", "set", "compared");
        done("put", "compared", "key", tree.toString(), "--worker", "host-1");
        Spillway.Ran refused = run("rm", "compared", "key", "--if-snapshot", "another");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("ifSnapshot: another").hasLineCount(1);
        String snapshot = json(done("ls", "compared", "--json").out()).get("items").get(0).get("snapshotId").asText();
        assertThat(done("rm", "compared", "key", "--if-snapshot", snapshot).out()).isEqualTo("deleted key, snapshot " + snapshot + "\n");
    }

    @Test
    void aMoveThatLeavesItsSourceSaysWhy() throws Exception {
        Path source = Files.createDirectory(scratch.resolve("offered"));
        Path file = Files.writeString(source.resolve("fixed"), "x");
        assumeTrue(chattr("+i", file), "skipped: cannot make a file immutable here");
        try {
            done("namespace", "set", "moved");
            assertThat(done("put", "moved", "key", source.toString(), "--mode", "move", "--worker", "host-1").lines()).satisfiesExactly(
                    stored -> assertThat(stored).startsWith("stored   key  generation "),
                    left -> assertThat(left).startsWith("source   " + source + "  all of it stays: fixed: is immutable or append-only"));
            assertThat(file).hasContent("x");
        } finally {
            chattr("-i", file);
        }
    }

    private static boolean chattr(String flag, Path file) throws InterruptedException {
        try {
            return new ProcessBuilder("chattr", flag, file.toString()).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor() == 0;
        } catch (IOException _) {
            return false;
        }
    }

    @Test
    void aDirectoryThatCannotBeTakenIsNamed() {
        done("namespace", "set", "sources");
        for (Path source : List.of(scratch.resolve("missing"), tree.resolve("file"))) {
            Spillway.Ran refused = run("put", "sources", "key", source.toString(), "--worker", "host-1");
            assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(1);
            assertThat(refused.err()).contains(source.toString()).hasLineCount(1);
        }
        Spillway.Ran unknown = run("put", "sources-of-nobody", "key", tree.toString(), "--worker", "host-1");
        assertThat(unknown.exitCode()).as(unknown.toString()).isEqualTo(3);
        assertThat(done("ls", "sources").lines()).hasSize(1);
    }

    @Test
    void anEntryIsShownWithItsCopiesAndTheirHolds() throws IOException {
        done("namespace", "set", "shown");
        done("put", "shown", "key", tree.toString(), "--worker", "host-1", "--description", "base", "--label", "os=alpine");
        done("pin", "shown", "key", "--reason", "release 4");
        assertThat(done("show", "shown", "key").out()).containsPattern("(?m)^NAMESPACE +shown$")
                .containsPattern("(?m)^key +key$")
                .containsPattern("(?m)^description +base$")
                .containsPattern("(?m)^labels +os=alpine$")
                .containsPattern("(?m)^written by +host-1$")
                .containsPattern("(?m)^pinned +release 4$")
                .containsPattern("(?m)^host-1 +127\\.0\\.0\\.1:\\d+ +LIVE +\\d+ s ago +- +0$");
        done("get", "shown", "key", "--worker", "host-1", "--hold", "10m");
        Eventually.holds(
                Eventually.HANG,
                () -> assertThat(done("show", "shown", "key").out())
                        .containsPattern("(?m)^host-1 .* LIVE .* ago +20\\d\\d-[-\\d]+T[:\\d]+Z +1$"));
        JsonNode replica = json(done("show", "shown", "key", "--json").out()).get("replicas").get(0);
        assertThat(replica.get("held").get("holds").asInt()).isOne();
        assertThat(run("show", "shown", "none").exitCode()).isEqualTo(3);
        JsonNode figures = json(done("stats", "shown", "--json").out());
        assertThat(figures.get("misses").asInt()).as("looking is no use").isZero();
    }

    @Test
    void aHeldImageOutlivesACleanUntilItIsReleased() throws IOException {
        done("namespace", "set", "held");
        done("put", "held", "used", tree.toString(), "--worker", "host-1");
        done("put", "held", "unused", tree.toString(), "--worker", "host-2");
        Spillway.Ran got = done("get", "held", "used", "--worker", "host-1", "--hold", "10m", "--fresh");
        Path image = Path.of(got.out().strip());
        assertThat(got.err()).startsWith("hold ").hasLineCount(1);
        String hold = got.err().split(" ", -1)[1];
        assertThat(done("holds", "ls", "--worker", "host-1").out()).contains(hold).contains("used").contains("LIVE");
        assertThat(done("holds", "extend", hold, "--for", "PT20M", "--worker", "host-1").out()).startsWith("hold " + hold + " until ");

        Spillway.Ran declined = Spillway.answering("something\n", "clean", "held", "--url", fleet.url());
        assertThat(declined.exitCode()).isEqualTo(1);
        assertThat(declined.err()).contains("nothing was cleaned: answer: something (expected: held, or --yes)");
        assertThat(done("ls", "held").lines()).hasSize(3);

        Spillway.Ran cleaned = Spillway.answering("held\n", "clean", "held", "--timeout", "2s", "--url", fleet.url());
        assertThat(cleaned.exitCode()).isEqualTo(1);
        assertThat(cleaned.out()).isEqualTo("evicted 2 entries\n");
        assertThat(cleaned.err()).contains("host-1: used, snapshot ").containsPattern("\\d images? not confirmed in 2 s");
        Eventually.holds(
                Eventually.HANG,
                () -> assertThat(done("evictions", "--namespace", "held", "--state", "open").lines()).hasSize(2)
                        .anyMatch(line -> line.contains(" used ")));
        assertThat(run("get", "held", "used", "--worker", "host-1").exitCode()).isEqualTo(3);
        assertThat(TreePicture.of(image)).isEqualTo(TreePicture.of(tree));

        assertThat(done("holds", "release", hold, "--worker", "host-1").out()).isEqualTo("released " + hold + "\n");
        assertThat(done("clean", "held", "--yes", "--timeout", "5m").out()).isEqualTo("evicted 0 entries, and every host has confirmed\n");
        assertThat(image).doesNotExist();
    }

    @Test
    void eventsAreFollowedThroughARestartOfTheCoordinator() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Thread following = Thread.ofPlatform().daemon().start(() -> {
            var _ = DevMain.run(
                    List.of("events", "--url", fleet.url()),
                    new Console(Spillway.stream(out), Spillway.stream(err), new BufferedReader(new StringReader("")), false));
        });
        done("namespace", "set", "followed");
        // What was before the first answer is not followed, so one is put until it is seen.
        Eventually.holds(FleetInProcess.WITHIN, () -> {
            done("put", "followed", "before", tree.toString(), "--worker", "host-1");
            done("rm", "followed", "before");
            assertThat(out.toString(StandardCharsets.UTF_8)).contains("evicted    followed/before");
        });
        done("put", "followed", "after", tree.toString(), "--worker", "host-1");

        fleet.stopCoordinator();
        fleet.startCoordinator();
        done("rm", "followed", "after");

        Eventually.holds(
                FleetInProcess.WITHIN,
                () -> assertThat(out.toString(StandardCharsets.UTF_8))
                        .containsPattern("evicted    followed/after  generation [0-9]+, INVALIDATED, 1 copy")
                        .containsPattern("deleted    followed/after  generation [0-9]+, on host-1"));
        following.interrupt();
        assertThat(following.join(FleetInProcess.WITHIN)).isTrue();
        FleetInProcess.awaitReady(fleet.workerUrl(1));
        FleetInProcess.awaitReady(fleet.workerUrl(2));
    }

    private static JsonNode json(String text) {
        return new Http.Answer(200, text).json();
    }
}
