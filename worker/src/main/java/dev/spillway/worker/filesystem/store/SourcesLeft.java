package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.filesystem.posix.DirectoryEntry;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import dev.spillway.worker.filesystem.tree.SourceLeft;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/**
 * Durable records of sources that a move did not delete, one file per image, kept as long as the image. So a repeated request gets the first answer.
 */
final class SourcesLeft {
    private static final String SUFFIX = ".left";

    private final OpenDirectory directory;

    SourcesLeft(OpenDirectory directory) {
        this.directory = directory;
    }

    private static FileName name(String id) {
        return FileName.of(StoreFiles.name(id) + SUFFIX);
    }

    void write(String id, SourceLeft left) throws IOException {
        Properties properties = new Properties();
        properties.setProperty("whole", Boolean.toString(left.whole()));
        properties.setProperty("path", left.path());
        properties.setProperty("why", left.why());
        StringWriter text = new StringWriter();
        properties.store(text, null);
        DurableFile.write(directory, name(id), text.toString());
    }

    Optional<SourceLeft> find(String id) throws IOException {
        Optional<String> text = DurableFile.read(directory, name(id));
        if (text.isEmpty()) {
            return Optional.empty();
        }
        Properties properties = new Properties();
        properties.load(new StringReader(text.get()));
        return Optional.of(
                new SourceLeft(
                        Boolean.parseBoolean(properties.getProperty("whole")),
                        properties.getProperty("path", "."),
                        properties.getProperty("why", "")));
    }

    void remove(String id) throws PosixException {
        DurableFile.remove(directory, name(id));
    }

    /** Returns the ids of images with a record. */
    List<String> ids() throws PosixException {
        List<String> ids = new ArrayList<>();
        for (DirectoryEntry entry : directory.list()) {
            entry.name()
                    .utf8()
                    .filter(name -> name.endsWith(SUFFIX))
                    .map(name -> name.substring(0, name.length() - SUFFIX.length()))
                    .filter(StoreFiles::isId)
                    .ifPresent(ids::add);
        }
        return ids;
    }
}
