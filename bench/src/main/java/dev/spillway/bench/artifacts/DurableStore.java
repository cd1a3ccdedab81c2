package dev.spillway.bench.artifacts;

import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactLimits;
import dev.spillway.artifacts.DiskArtifactStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import org.rocksdb.CompressionType;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/** A thread-safe store in a directory, with contents by number. */
sealed interface DurableStore extends AutoCloseable {
    void put(long number, byte[] content) throws Exception;

    Optional<ByteBuffer> get(long number) throws Exception;

    /** Makes all earlier puts survive a loss of power. */
    void flush() throws Exception;

    @Override
    void close() throws IOException;

    /** The measured stores. */
    enum Kind {
        SPILLWAY(""), ROCKSDB(", RocksDB"), FILES(", a file each");

        private final String suffix;

        Kind(String suffix) {
            this.suffix = suffix;
        }

        /** Returns the suffix of the names of its lines. */
        String suffix() {
            return suffix;
        }

        DurableStore open(Path directory) throws Exception {
            return switch (this) {
                case SPILLWAY -> new Segments(DiskArtifactStore.open(directory, Segments.LIMITS));
                case ROCKSDB -> Rocks.open(directory);
                case FILES -> new FileEach(Files.createDirectories(directory));
            };
        }
    }

    /** The store under test, with limits that nothing reaches. */
    record Segments(DiskArtifactStore store) implements DurableStore {
        private static final ArtifactLimits LIMITS = new ArtifactLimits(1L << 32, 1L << 40, 1 << 20);

        @Override
        public void put(long number, byte[] content) throws IOException {
            if (!store.put(Payloads.key(number), Artifact.shared(content))) {
                throw new IOException("artifact %d: was not accepted".formatted(number));
            }
        }

        @Override
        public Optional<ByteBuffer> get(long number) throws IOException {
            return store.get(Payloads.key(number)).map(artifact -> artifact.content().asByteBuffer());
        }

        @Override
        public void flush() throws IOException {
            store.flush();
        }

        @Override
        public void close() throws IOException {
            store.close();
        }
    }

    /**
     * RocksDB with its defaults but without compression, because these contents cannot be compressed. A put is written to the log, and a flush syncs
     * the log.
     */
    record Rocks(Options options, RocksDB database) implements DurableStore {
        private static boolean loaded;

        static synchronized Rocks open(Path directory) throws IOException, RocksDBException {
            if (!loaded) {
                Path library = Files.createDirectories(directory.resolveSibling("rocksdb-library"));
                NativeLibraryLoader.getInstance().loadLibrary(library.toString());
                loaded = true;
            }
            Options options = new Options().setCreateIfMissing(true).setCompressionType(CompressionType.NO_COMPRESSION);
            return new Rocks(options, RocksDB.open(options, directory.toString()));
        }

        @Override
        public void put(long number, byte[] content) throws RocksDBException {
            database.put(Payloads.keyBytes(number), content);
        }

        @Override
        public Optional<ByteBuffer> get(long number) throws RocksDBException {
            return Optional.ofNullable(database.get(Payloads.keyBytes(number))).map(ByteBuffer::wrap);
        }

        @Override
        public void flush() throws RocksDBException {
            database.syncWal();
        }

        @Override
        public void close() {
            database.close();
            options.close();
        }
    }

    /** A file for each artifact, which is written under another name, synced and moved. So a put is durable once its directory is synced. */
    record FileEach(Path directory) implements DurableStore {
        private Path path(long number) {
            return directory.resolve(Payloads.key(number).toString());
        }

        @Override
        public void put(long number, byte[] content) throws IOException {
            Path path = path(number);
            Path unfinished = path.resolveSibling(path.getFileName() + ".unfinished");
            ByteBuffer bytes = ByteBuffer.wrap(content);
            try (FileChannel channel = FileChannel.open(unfinished, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
        }

        /** Puts many artifacts, which one sync of the file system makes durable. */
        void fill(List<byte[]> contents, int count) throws IOException {
            for (int number = 0; number < count; number++) {
                Files.write(path(number), contents.get(number % contents.size()));
            }
        }

        @Override
        public Optional<ByteBuffer> get(long number) throws IOException {
            return Optional.of(ByteBuffer.wrap(Files.readAllBytes(path(number))));
        }

        @Override
        public void flush() throws IOException {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }

        @Override
        public void close() {
            // Nothing is open: each file was closed after it was written.
        }
    }
}
