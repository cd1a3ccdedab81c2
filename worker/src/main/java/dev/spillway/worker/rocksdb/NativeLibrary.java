package dev.spillway.worker.rocksdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.RocksDB;

/**
 * Loads RocksDB's native code once for this process. By default, RocksDB unpacks 17 MB under a new name in the temporary folder at each start, and a
 * killed process leaves them behind. Here each start overwrites what the last one unpacked.
 */
final class NativeLibrary {
    private static boolean loaded;

    private NativeLibrary() {}

    static synchronized void load(Path directory) throws IOException {
        if (!loaded) {
            Files.createDirectories(directory);
            NativeLibraryLoader.getInstance().loadLibrary(directory.toString());
            RocksDB.loadLibrary();
            loaded = true;
        }
    }
}
