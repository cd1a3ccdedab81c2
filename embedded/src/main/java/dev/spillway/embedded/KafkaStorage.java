package dev.spillway.embedded;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.apache.commons.io.FileUtils;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.common.MetadataVersion;

/**
 * The broker's data in the folder {@code data} of its directory. It is formatted under another name and then renamed, so
 * that a crash never leaves it half formatted.
 */
final class KafkaStorage {
    private KafkaStorage() {}

    /** Formats a directory that is new. A formatted one keeps its cluster id. */
    static Path prepare(Path directory) {
        Path data = directory.resolve("data");
        if (Files.isDirectory(data)) {
            return data;
        }
        Path unfinished = directory.resolve("data.unfinished");
        try (PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            FileUtils.deleteDirectory(unfinished.toFile());
            Files.createDirectory(unfinished);
            new Formatter().setPrintStream(nowhere)
                    .setNodeId(KafkaProperties.NODE_ID)
                    .setClusterId(Uuid.randomUuid().toString())
                    .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
                    .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
                    .setControllerListenerName(KafkaProperties.CONTROLLER)
                    .setHasDynamicQuorum(false)
                    .setMetadataLogDirectory(unfinished.toString())
                    .addDirectory(unfinished.toString())
                    .run();
            Files.move(unfinished, data, StandardCopyOption.ATOMIC_MOVE);
            return data;
        } catch (IOException e) {
            throw new EmbeddedServerException("making Kafka's data in " + directory + ": " + e, e);
        } catch (Exception e) {
            throw new EmbeddedServerException("formatting Kafka's data in " + directory + ": " + e.getMessage(), e);
        }
    }
}
