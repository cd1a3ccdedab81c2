package dev.spillway.pager;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Checks of contents shorter and longer than what is copied at once, and of lengths that have no equal quarters. */
class PageCheckTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 512, 4_095, 65_536, 65_537, 200_001})
    void aCopyIsWholeAndHasTheCheckOfItsSource(int length) {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);
        byte[] copy = new byte[length];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(length);

            PageCheck in = PageCheck.copying(MemorySegment.ofArray(content), memory);
            PageCheck out = PageCheck.copying(memory.asReadOnly(), MemorySegment.ofArray(copy));

            byte[] second = new byte[length];
            assertThat(PageCheck.ofCopy(memory, MemorySegment.ofArray(second))).isEqualTo(in).isEqualTo(PageCheck.ofMapped(memory));
            assertThat(second).isEqualTo(content);
            assertThat(copy).isEqualTo(content);
            assertThat(in).isEqualTo(out).isEqualTo(PageCheck.of(memory)).isEqualTo(PageCheck.of(MemorySegment.ofArray(content)));
            assertThat((int) in.low()).isEqualTo((int) crc(content, 0, Math.ceilDiv(length, 4)));
            for (int at = 0; at < length; at += 1 + length / 97) {
                memory.set(ValueLayout.JAVA_BYTE, at, (byte) (content[at] ^ 128));
                assertThat(PageCheck.of(memory)).isNotEqualTo(in);
                memory.set(ValueLayout.JAVA_BYTE, at, content[at]);
            }
        }
    }

    private static long crc(byte[] content, int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(content, from, to - from);
        return crc.getValue();
    }
}
