package dev.spillway.bench.unlink;

import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.MeasuredOperation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Opens and reads whole files of images by their path, chosen evenly; past the memory of the system where the file system can, so that each read is one
 * of the disk, as if there were more images than memory.
 */
final class ImageReads implements Load {
    private final List<Path> files;
    private final int bytesEach;
    private final int blockBytes;
    private final Set<OpenOption> how;
    private final LongAdder bytes = new LongAdder();

    private ImageReads(List<Path> files, int bytesEach, int blockBytes, Set<OpenOption> how) {
        this.files = files;
        this.bytesEach = bytesEach;
        this.blockBytes = blockBytes;
        this.how = how;
    }

    static ImageReads of(List<Path> files, int bytesEach) {
        try {
            int block = Math.toIntExact(Files.getFileStore(files.getFirst()).getBlockSize());
            return new ImageReads(files, bytesEach, block, how(files.getFirst()));
        } catch (IOException e) {
            throw new BenchmarkFailedException("looking at " + files.getFirst() + ": " + e, e);
        }
    }

    private static Set<OpenOption> how(Path file) {
        Set<OpenOption> direct = Stream.concat(Stream.of(StandardOpenOption.READ), direct()).collect(Collectors.toSet());
        try (FileChannel _ = FileChannel.open(file, direct)) {
            return direct;
        } catch (IOException | UnsupportedOperationException _) {
            // a file system in memory, for one
            return Set.of(StandardOpenOption.READ);
        }
    }

    /** By its name: the compiler warns of every other use of what is the JDK's own, and no annotation silences that. */
    private static Stream<OpenOption> direct() {
        try {
            return Stream.of(Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants())
                    .map(OpenOption.class::cast)
                    .filter(option -> option.toString().equals("DIRECT"));
        } catch (ClassNotFoundException _) {
            return Stream.empty();
        }
    }

    /** Returns whether each read goes to the disk. */
    boolean isDirect() {
        return how.size() > 1;
    }

    @Override
    public void prepare() {
        bytes.reset();
    }

    @Override
    public MeasuredOperation caller(int number) {
        RandomGenerator random = new SplittableRandom(number);
        ByteBuffer buffer = ByteBuffer.allocateDirect(bytesEach + 2 * blockBytes).alignedSlice(blockBytes);
        return () -> {
            read(files.get(random.nextInt(files.size())), buffer);
            return MeasuredOperation.Outcome.DONE;
        };
    }

    private void read(Path file, ByteBuffer buffer) throws IOException {
        buffer.clear().limit(bytesEach);
        try (FileChannel channel = FileChannel.open(file, how)) {
            while (buffer.hasRemaining()) {
                if (channel.read(buffer) < 0) {
                    throw new BenchmarkFailedException("%s: %d bytes (expected: %d)".formatted(file, buffer.position(), bytesEach));
                }
            }
        }
        bytes.add(bytesEach);
    }

    @Override
    public void verify(long done) {
        if (bytes.sum() != done * bytesEach) {
            throw new BenchmarkFailedException("%d bytes in %d reads (expected: %d each)".formatted(bytes.sum(), done, bytesEach));
        }
    }
}
