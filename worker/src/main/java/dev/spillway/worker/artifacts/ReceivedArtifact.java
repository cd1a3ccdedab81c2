package dev.spillway.worker.artifacts;

import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactContent;
import dev.spillway.artifacts.ArtifactUpload;
import dev.spillway.events.ContentDigest;
import java.io.IOException;

/** An artifact that has arrived whole and is not kept yet. Closing it deletes it, unless it was kept. */
public sealed interface ReceivedArtifact extends AutoCloseable {
    /** Returns the length in bytes. */
    long size();

    ContentDigest digest();

    /** Returns the content, which stays readable when this is closed. */
    ArtifactContent open() throws IOException;

    @Override
    void close() throws IOException;

    record InMemory(Artifact content, ContentDigest digest) implements ReceivedArtifact {
        @Override
        public long size() {
            return content.size();
        }

        @Override
        public ArtifactContent open() {
            return content;
        }

        @Override
        public void close() {}
    }

    /** @param counted reservation of its bytes, which this closes */
    record InFile(ArtifactUpload upload, ContentDigest digest, ArtifactImages.Reservation counted) implements ReceivedArtifact {
        @Override
        public long size() {
            return upload.size();
        }

        @Override
        public ArtifactContent open() throws IOException {
            return upload.open();
        }

        @Override
        public void close() throws IOException {
            try (counted) {
                upload.close();
            }
        }
    }
}
