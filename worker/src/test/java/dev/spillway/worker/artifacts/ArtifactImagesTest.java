package dev.spillway.worker.artifacts;

import dev.spillway.artifacts.Artifact;
import dev.spillway.artifacts.ArtifactContent;
import dev.spillway.events.ReplicaId;
import dev.spillway.worker.core.model.ImageBackendContract;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

import static org.assertj.core.api.Assertions.assertThat;

/** Artifacts as images. The one that arrives is with its caller until it is put, so staging makes nothing here. */
class ArtifactImagesTest extends ImageBackendContract<ArtifactImages> {
    private static final ArtifactImages.Limits LIMITS = new ArtifactImages.Limits(1 << 20, 1 << 16, 1 << 18);

    @Override
    protected ArtifactImages open(Path directory) throws IOException {
        return ArtifactImages.open(directory, LIMITS);
    }

    @Override
    protected void close(ArtifactImages opened) throws IOException {
        opened.close();
    }

    private static Artifact content(ReplicaId id) {
        return Artifact.shared(("content of " + id).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    protected void stage(ReplicaId id) {
        assertThat(content(id).size()).isPositive();
    }

    @Override
    protected void publish(ReplicaId id) throws IOException {
        assertThat(images.put(id, content(id))).isTrue();
    }

    @Override
    protected boolean isRead(ReplicaId id) throws IOException {
        Optional<Artifact> inMemory = images.inMemory(id);
        Optional<ArtifactContent> found = images.get(id);
        assertThat(found.isPresent() || inMemory.isEmpty()).as("an artifact is read from memory alone").isTrue();
        return found.filter(content(id)::equals).isPresent();
    }
}
