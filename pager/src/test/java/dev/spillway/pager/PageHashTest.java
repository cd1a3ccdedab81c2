package dev.spillway.pager;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/** Hashes of contents of all lengths that the hash treats differently, wherever they lie. */
class PageHashTest {
    @TempDir
    Path folder;

    /** Manifests that were written before hold hashes; this one is that of the reference implementation. */
    @Test
    void aHashIsTheSameAsEver() {
        byte[] content = new byte[4096];
        for (int at = 0; at < content.length; at++) {
            content[at] = (byte) (at * 7 + at / 256);
        }
        try (Arena arena = Arena.ofConfined()) {
            assertThat(PageHash.of(copy(arena, content)).toString()).isEqualTo("08ef8fc6d37a71915c722d9ceb6f9064");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 1_024, 1_025, 4_096, 65_537, 131_072})
    void aHashIsThatOfTheBytesWhereverTheyLie(int length) throws Exception {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);
        Path file = folder.resolve("mapped");
        try (Arena confined = Arena.ofConfined();
                Arena shared = Arena.ofShared();
                FileChannel channel = FileChannel.open(
                        file,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            MemorySegment mapped = channel.map(MapMode.READ_WRITE, 0, length, shared);
            mapped.copyFrom(MemorySegment.ofArray(content));
            ByteBuffer direct = ByteBuffer.allocateDirect(length + 3).position(3).put(content).position(3);

            assertThat(PageHash.of(copy(confined, content))).isEqualTo(PageHash.of(content))
                    .isEqualTo(PageHash.of(copy(shared, content)))
                    .isEqualTo(PageHash.of(mapped))
                    .isEqualTo(PageHash.of(direct));
        }
    }

    /** One byte in front, so that no number is aligned. */
    private static MemorySegment copy(Arena arena, byte[] content) {
        MemorySegment copy = arena.allocate(content.length + 1L).asSlice(1);
        MemorySegment.copy(content, 0, copy, ValueLayout.JAVA_BYTE, 0, content.length);
        return copy;
    }

    @Test
    void aContentInFreedMemoryIsRefused() {
        Arena arena = Arena.ofShared();
        MemorySegment content = arena.allocate(4096);
        arena.close();

        assertThatIllegalStateException().isThrownBy(() -> PageHash.of(content)).withMessageContaining("closed");
    }
}
