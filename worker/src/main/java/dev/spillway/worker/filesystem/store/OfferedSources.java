package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.filesystem.posix.DirectoryEntry;
import dev.spillway.worker.filesystem.posix.FileIdentity;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.posix.PosixException;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;

/**
 * Durable records of the sources that were offered by move and are not settled, one file for each id. A record is written before the source is
 * changed, so that after a crash every tree can be given back.
 */
final class OfferedSources {
    enum Taken {
        /** The tree in the store is the source. */
        RENAMED,
        /** The tree in the store is a copy, and the source is deleted once the image is registered. */
        COPIED
    }

    /**
     * @param path former or current path of the source
     * @param newestChange time of the newest change in the source, when it was copied
     * @param entries number of entries in the source, when it was copied
     */
    record Offer(Taken taken, Path path, FileIdentity identity, long newestChange, long entries) {}

    private final OpenDirectory directory;

    /** Deletes records that a crash left unfinished. Their sources were not changed yet. */
    OfferedSources(OpenDirectory directory) throws PosixException {
        this.directory = directory;
        for (DirectoryEntry entry : directory.list()) {
            if (entry.name().utf8().filter(name -> name.endsWith(DurableFile.UNFINISHED)).isPresent()) {
                directory.removeFile(entry.name());
            }
        }
    }

    void write(String id, Offer offer) throws PosixException {
        DurableFile.write(
                directory,
                StoreFiles.name(id),
                "taken=%s%npath=%s%ndevice=%d%ninode=%d%nnewestChange=%d%nentries=%d%n".formatted(
                        offer.taken().name().toLowerCase(Locale.ROOT),
                        offer.path().toUri().getRawPath(),
                        offer.identity().device(),
                        offer.identity().inode(),
                        offer.newestChange(),
                        offer.entries()));
    }

    Optional<Offer> find(String id) throws IOException {
        Optional<String> text = DurableFile.read(directory, StoreFiles.name(id));
        if (text.isEmpty()) {
            return Optional.empty();
        }
        Properties properties = new Properties();
        properties.load(new StringReader(text.get()));
        try {
            return Optional.of(
                    new Offer(
                            Taken.valueOf(text(id, properties, "taken").toUpperCase(Locale.ROOT)),
                            Path.of(URI.create("file://" + text(id, properties, "path"))),
                            new FileIdentity(Long.parseLong(text(id, properties, "device")), Long.parseLong(text(id, properties, "inode"))),
                            Long.parseLong(text(id, properties, "newestChange")),
                            Long.parseLong(text(id, properties, "entries"))));
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    "offered/%s: cannot be read: %s (expected: the note of a source that was taken over)".formatted(id, e.getMessage()),
                    e);
        }
    }

    private static String text(String id, Properties properties, String name) throws IOException {
        String value = properties.getProperty(name);
        if (value == null) {
            throw new IOException("offered/%s: no %s (expected: the note of a source that was taken over)".formatted(id, name));
        }
        return value;
    }

    void remove(String id) throws PosixException {
        FileName name = StoreFiles.name(id);
        if (directory.find(name).isPresent()) {
            directory.removeFile(name);
            directory.sync();
        }
    }

    List<String> ids() throws PosixException {
        List<String> ids = new ArrayList<>();
        for (DirectoryEntry entry : directory.list()) {
            entry.name().utf8().filter(StoreFiles::isId).ifPresent(ids::add);
        }
        return ids;
    }
}
