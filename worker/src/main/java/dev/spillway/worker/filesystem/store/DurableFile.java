package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.OpenRegularFile;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Small text files that are written atomically, so that they are whole or absent, also after power loss. */
final class DurableFile {
    /** Suffix of a file's name until the file is whole. */
    static final String UNFINISHED = ".new";

    private static final int PRIVATE_FILE = 0600;
    private static final int MAX_BYTES = 64 * 1024;

    private DurableFile() {}

    static void write(OpenDirectory directory, FileName name, String text) throws PosixException {
        FileName unfinished = FileName.of(name + UNFINISHED);
        remove(directory, unfinished);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (OpenRegularFile file = directory.createFile(unfinished, PRIVATE_FILE)) {
            file.write(bytes, 0, bytes.length, 0);
            file.sync();
        }
        directory.renameOver(unfinished, name);
        directory.sync();
    }

    static Optional<String> read(OpenDirectory directory, FileName name) throws PosixException {
        if (directory.find(name).isEmpty()) {
            return Optional.empty();
        }
        try (OpenRegularFile file = directory.openFile(name)) {
            return Optional.of(read(file));
        }
    }

    static String read(OpenRegularFile file) throws PosixException {
        byte[] bytes = new byte[MAX_BYTES];
        int length = file.read(bytes, 0, bytes.length, 0);
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    static void remove(OpenDirectory directory, FileName name) throws PosixException {
        if (directory.find(name).isPresent()) {
            directory.removeFile(name);
        }
    }
}
