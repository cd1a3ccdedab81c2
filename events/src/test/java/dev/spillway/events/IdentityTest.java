package dev.spillway.events;

import dev.spillway.events.protocol.JoinRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Identities check themselves, and say what was wrong with a value. */
class IdentityTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "0", "vm.snapshots_v2-x", "a23456789012345678901234567890123456789012345678901234567890123"})
    void aNamespaceIsLowerCaseAndShort(String name) {
        assertThat(new NamespaceName(name)).hasToString(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "A", ".a", "-a", "a/b", "a b", "ä", "a\n", "a2345678901234567890123456789012345678901234567890123456789012345"})
    void aNamespaceOfAnotherFormIsRefused(String name) {
        assertThatThrownBy(() -> new NamespaceName(name)).isInstanceOf(InvalidValueException.class)
                .hasMessageStartingWith("namespace: ")
                .hasMessageContaining("(expected: [a-z0-9][a-z0-9._-]{0,62})");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Host", "a_b", "a/b", "../a"})
    void aHostIdOfAnotherFormIsRefused(String id) {
        assertThatThrownBy(() -> new HostId(id)).isInstanceOf(InvalidValueException.class).hasMessageStartingWith("hostId: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {" ", "a:b", "a_b", "../../etc/passwd", "a/b", "\n", "%2F", "ключ", "𝄞"})
    void aKeyIsOpaque(String key) {
        assertThat(new EntryKey(key).value()).isEqualTo(key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "\u007f", "ä", "\u07ff", "\u0800", "€", "\uffff", "𝄞", "\uDBFF\uDFFF"})
    void aKeyIsBoundedInBytesOfUtf8(String character) {
        int bytes = character.getBytes(StandardCharsets.UTF_8).length;
        String longest = character.repeat(1_024 / bytes) + "x".repeat(1_024 % bytes);
        assertThatCode(() -> new EntryKey(longest)).doesNotThrowAnyException();
        assertThatThrownBy(() -> new EntryKey(longest + "x")).isInstanceOf(InvalidValueException.class)
                .hasMessageEndingWith("(expected: 1 to 1024 bytes of UTF-8, not 1025)");
    }

    @Test
    void aKeyIsNotEmptyAndASnapshotIdIsBoundedToo() {
        assertThatThrownBy(() -> new EntryKey("")).isInstanceOf(InvalidValueException.class);
        assertThatThrownBy(() -> new SnapshotId("x".repeat(513))).isInstanceOf(InvalidValueException.class)
                .hasMessageStartingWith("snapshotId: xxx");
    }

    @Test
    void textThatNoStoreTakesIsRefused() {
        assertThatThrownBy(() -> new EntryKey("a\0b")).isInstanceOf(InvalidValueException.class)
                .hasMessage("key: a?b (expected: text without U+0000)");
        for (String halved : List.of("a\uD834b", "a\uD834", "\uDD1Ea", "\uDD1E\uD834")) {
            assertThatThrownBy(() -> new EntryKey(halved)).isInstanceOf(InvalidValueException.class)
                    .hasMessageEndingWith("(expected: text that can be written as UTF-8)");
        }
        assertThatThrownBy(() -> Description.of("\0")).isInstanceOf(InvalidValueException.class).hasMessageStartingWith("description: ");
    }

    @Test
    void whatAWorkerSaysOfItselfIsBounded() {
        assertThatCode(() -> join("[::1]:7080", 64)).doesNotThrowAnyException();
        for (String address : List.of("", "a b:7080", "host:7080\n", "x".repeat(301))) {
            assertThatThrownBy(() -> join(address, 1)).isInstanceOf(InvalidValueException.class).hasMessageStartingWith("address: ");
        }
        assertThatThrownBy(() -> join("host:7080", 65)).hasMessage("versions: 65 of them (expected: at most 64)");
    }

    private static JoinRequest join(String address, int versions) {
        return new JoinRequest(
                new HostId("host-1"),
                new StoreId(new UUID(0, 1)),
                address,
                Collections.nCopies(versions, 1),
                new JoinRequest.WorkerProcess(new UUID(0, 2), false));
    }

    @Test
    void keysAndSnapshotIdsAreOrderedByTheirBytes() {
        List<String> texts = List.of(
                "a",
                "a\u007F",
                "a\u0080",
                "a\u07FF",
                "a\u0800",
                "a\uD7FF",
                "a\uE000",
                "a\uFFFD",
                "a\uFFFF",
                "a\uD800\uDC00",
                "a\uD83D\uDE00",
                "a\uD83D\uDE00b",
                "a\uD83D\uDE01",
                "a\uDBFF\uDFFF",
                "b");
        for (String one : texts) {
            for (String other : texts) {
                int byBytes = Integer.signum(Arrays.compareUnsigned(one.getBytes(UTF_8), other.getBytes(UTF_8)));
                assertThat(Integer.signum(new EntryKey(one).compareTo(new EntryKey(other)))).as("%s, %s", one, other).isEqualTo(byBytes);
                assertThat(Integer.signum(new SnapshotId(one).compareTo(new SnapshotId(other)))).isEqualTo(byBytes);
            }
        }
    }

    @Test
    void aDescriptionIsBounded() {
        Map<String, String> many = IntStream.rangeClosed(1, 33).boxed().collect(Collectors.toMap(i -> "label" + i, i -> ""));
        assertThatThrownBy(() -> new Description("", new TreeMap<>(many))).isInstanceOf(InvalidValueException.class)
                .hasMessage("labels: 33 (expected: at most 32 labels)");
        assertThatThrownBy(() -> new Description("", new TreeMap<>(Map.of("team", "x".repeat(513)))))
                .isInstanceOf(InvalidValueException.class)
                .hasMessageStartingWith("labels.team: ");
        assertThatThrownBy(() -> new Description("", new TreeMap<>(Map.of("", "x")))).isInstanceOf(InvalidValueException.class);
        assertThatThrownBy(() -> new Description("", new TreeMap<>(Map.of("a=b", "x")))).isInstanceOf(InvalidValueException.class)
                .hasMessage("labels: a=b (expected: a name without =, which ends the name where entries are listed by a label)");
        assertThat(new Description("", new TreeMap<>(Map.of("a", "b=c"))).labels()).containsEntry("a", "b=c");
        assertThatThrownBy(() -> Description.of("x".repeat(1025))).isInstanceOf(InvalidValueException.class);
    }

    @Test
    void labelsOfADescriptionDoNotChangeLater() {
        var labels = new TreeMap<>(Map.of("team", "a"));
        var description = new Description("", labels);
        labels.put("team", "b");
        assertThat(description.labels()).containsExactly(Map.entry("team", "a"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                    "",
                    "1-1-1-1-1",
                    "01938f5e-0b00-7111-9222-33334444555",
                    "01938f5e0b00711192223333444455555555",
                    "01938f5e-0b00-7111-9222-33334444555g"})
    void anIdThatIsNoUuidIsRefused(String text) {
        assertThatThrownBy(() -> ReplicaId.parse(text)).isInstanceOf(InvalidValueException.class)
                .hasMessage("replicaId: " + text + " (expected: a UUID of 36 characters)");
    }

    @Test
    void anIdHasOneSpelling() {
        assertThat(ReplicaId.parse("01938F5E-0B00-7111-9222-333344445555")).hasToString("01938f5e-0b00-7111-9222-333344445555");
    }

    @Test
    void idsMadeLaterSortLaterAndAreNeverTheSame() {
        var random = new Random(42);
        var start = Instant.parse("2026-11-21T00:00:00Z");
        var minted = new ArrayList<ReplicaId>();
        for (int i = 0; i < 10_000; i++) {
            minted.add(ReplicaId.mint(start.plusMillis(i), random));
        }
        assertThat(minted).isSorted();
        assertThat(new HashSet<>(minted)).hasSize(10_000);
        assertThat(minted).allSatisfy(id -> {
            assertThat(id.value().version()).isEqualTo(7);
            assertThat(id.value().variant()).isEqualTo(2);
        });
    }

    @Test
    void idsAreOrderedAsTheirTextIs() {
        var random = new Random(7);
        var ids = new ArrayList<ReplicaId>();
        for (int i = 0; i < 1_000; i++) {
            ids.add(new ReplicaId(new java.util.UUID(random.nextLong(), random.nextLong())));
        }
        ids.sort(Comparator.naturalOrder());
        assertThat(ids.stream().map(ReplicaId::toString)).isSorted();
    }

    @Test
    void aReportKeepsOneLineOfWhy() {
        var report = new Report(
                ReplicaId.parse("01938f5e-0b00-7111-9222-333344445555"),
                new HostId("a"),
                StoreId.parse("6fa459ea-ee8a-4ca4-894e-db77e160355e"),
                Report.Result.FAILED,
                null,
                "x".repeat(501),
                0);
        assertThat(report.why()).hasSize(500);
        var odd = new Report(
                report.replicaId(),
                report.hostId(),
                report.storeId(),
                Report.Result.FAILED,
                null,
                "a\nb\0c\uD834d\uD834\uDD1E",
                0);
        assertThat(odd.why()).isEqualTo("a?b?c?d\uD834\uDD1E");
    }
}
