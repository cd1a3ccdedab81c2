package dev.spillway.pager;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@EnabledOnOs(OS.LINUX)
class HugePagesTest {
    private static final Pattern RANGE = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) ");
    private static final long BYTES = 3 * HugePages.BYTES + 4096;

    @Test
    void memoryIsAlignedAndZeroAndAsksForHugePagesUntilItsArenaCloses() throws IOException {
        long address;
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = HugePages.allocate(arena, BYTES);
            address = memory.address();

            assertThat(memory.byteSize()).isEqualTo(BYTES);
            assertThat(address % HugePages.BYTES).isZero();
            assertThat(memory.mismatch(MemorySegment.ofArray(new byte[(int) BYTES]))).isEqualTo(-1);
            assertThat(flags(address)).contains(" hg ");
        }
        assertThat(flags(address)).isEmpty();
    }

    /** Returns the flags of the mapping of an address, as the system tells them. */
    private static String flags(long address) throws IOException {
        boolean within = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            Matcher range = RANGE.matcher(line);
            if (range.lookingAt()) {
                within = Long.compareUnsigned(Long.parseUnsignedLong(range.group(1), 16), address) <= 0
                        && Long.compareUnsigned(address, Long.parseUnsignedLong(range.group(2), 16)) < 0;
            } else if (within && line.startsWith("VmFlags:")) {
                return line;
            }
        }
        return "";
    }

    @Test
    void moreThanTheSystemHasIsRefused() {
        try (Arena arena = Arena.ofShared()) {
            assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> HugePages.allocate(arena, 1L << 60))
                    .withMessageContaining("mmap");
        }
    }
}
