package dev.spillway.worker.core.model;

import dev.spillway.events.ReplicaId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The contract of {@link ImageBackend}. A test of an implementation extends it and says how images of its kind come in.
 *
 * @param <I> the implementation
 */
public abstract class ImageBackendContract<I extends ImageBackend> {
    private final RandomGenerator random = new Random(7);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    protected Path folder;

    @SuppressWarnings("NullAway.Init")
    protected I images;

    /** Opens what a folder holds, as a host does at its start. */
    protected abstract I open(Path directory) throws Exception;

    protected abstract void close(I opened) throws IOException;

    /** Makes an image as far as it goes before it is published. */
    protected abstract void stage(ReplicaId id) throws Exception;

    protected abstract void publish(ReplicaId id) throws Exception;

    /** Returns whether a reader who asks now gets the whole image. */
    protected abstract boolean isRead(ReplicaId id) throws Exception;

    @BeforeEach
    final void begin() throws Exception {
        images = open(folder.resolve("store"));
    }

    @AfterEach
    final void end() throws IOException {
        close(images);
    }

    private void restart() throws Exception {
        close(images);
        images = open(folder.resolve("store"));
    }

    protected final ReplicaId id() {
        return ReplicaId.mint(Instant.EPOCH, random);
    }

    protected final ReplicaId published() throws Exception {
        ReplicaId id = id();
        stage(id);
        publish(id);
        return id;
    }

    private ReplicaId trashed() throws Exception {
        ReplicaId id = published();
        assertThat(toTrash(id)).isEqualTo(new TrashOutcome.Moved());
        return id;
    }

    private TrashOutcome toTrash(ReplicaId id) throws Exception {
        Map<ReplicaId, TrashOutcome> outcomes = images.toTrash(List.of(id));
        assertThat(outcomes).containsOnlyKeys(id);
        return outcomes.values().iterator().next();
    }

    @Test
    void nothingIsHereAtFirst() throws Exception {
        assertThat(images.inventory()).isEmpty();
        assertThat(images.has(id())).isFalse();
    }

    @Test
    void whatIsStagedIsNoImageAndGoneAfterARestart() throws Exception {
        ReplicaId staged = id();
        stage(staged);
        assertThat(images.inventory()).isEmpty();
        assertThat(images.has(staged)).isFalse();
        assertThat(isRead(staged)).isFalse();
        restart();
        assertThat(images.inventory()).isEmpty();
        assertThat(toTrash(staged)).isEqualTo(new TrashOutcome.Absent());
    }

    @Test
    void anImageIsPublishedOnceHoweverOftenThatIsAsked() throws Exception {
        ReplicaId id = published();
        publish(id);
        assertThat(images.inventory()).containsExactly(id);
        assertThat(isRead(id)).isTrue();
        assertThat(toTrash(id)).isEqualTo(new TrashOutcome.Moved());
        assertThat(images.unlink(id)).isInstanceOf(UnlinkOutcome.Unlinked.class);
        assertThat(images.has(id)).isFalse();
    }

    @Test
    void theInventoryIsCompleteAfterARestart() throws Exception {
        List<ReplicaId> ids = List.of(published(), published(), published());
        assertThat(images.inventory()).containsExactlyInAnyOrderElementsOf(ids);
        restart();
        assertThat(images.inventory()).containsExactlyInAnyOrderElementsOf(ids);
        for (ReplicaId id : ids) {
            assertThat(images.has(id)).isTrue();
            assertThat(isRead(id)).isTrue();
        }
    }

    @Test
    void whatIsInTheTrashIsHereAndOutOfReach() throws Exception {
        ReplicaId kept = published();
        ReplicaId trashed = trashed();
        assertThat(images.inventory()).containsExactly(kept);
        assertThat(images.has(trashed)).isTrue();
        assertThat(isRead(trashed)).isFalse();
        assertThat(isRead(kept)).isTrue();
    }

    @Test
    void theTrashTakesAnImageOnce() throws Exception {
        assertThat(toTrash(trashed())).isEqualTo(new TrashOutcome.AlreadyInTrash());
    }

    @Test
    void eachOfManyHasItsOutcome() throws Exception {
        ReplicaId here = published();
        ReplicaId absent = id();
        ReplicaId trashed = trashed();
        assertThat(images.toTrash(List.of(absent, here, trashed))).containsOnly(
                Map.entry(absent, new TrashOutcome.Absent()),
                Map.entry(here, new TrashOutcome.Moved()),
                Map.entry(trashed, new TrashOutcome.AlreadyInTrash()));
    }

    @Test
    void anImageOutOfTheTrashIsNotUnlinked() throws Exception {
        ReplicaId id = published();
        assertThat(images.unlink(id)).isEqualTo(new UnlinkOutcome.Absent());
        assertThat(images.inventory()).containsExactly(id);
        assertThat(isRead(id)).isTrue();
    }

    @Test
    void whatIsUnlinkedIsGoneForGood() throws Exception {
        ReplicaId kept = published();
        ReplicaId id = trashed();
        assertThat(images.unlink(id)).isInstanceOfSatisfying(
                UnlinkOutcome.Unlinked.class,
                unlinked -> assertThat(unlinked.bytesFreed()).isPositive());
        assertThat(images.unlink(id)).isEqualTo(new UnlinkOutcome.Absent());
        assertThat(images.has(id)).isFalse();
        restart();
        assertThat(images.has(id)).isFalse();
        assertThat(images.inventory()).containsExactly(kept);
        assertThat(toTrash(id)).isEqualTo(new TrashOutcome.Absent());
        assertThat(images.unlink(id)).isEqualTo(new UnlinkOutcome.Absent());
    }

    /** The trash may be empty after a restart. Then its images are back in their places, and the host, which knows what it deleted, asks again. */
    @Test
    void whatWasInTheTrashAtARestartIsStillHereAndCanBeRemoved() throws Exception {
        ReplicaId id = trashed();
        restart();
        assertThat(images.has(id)).isTrue();
        assertThat(toTrash(id)).isIn(new TrashOutcome.Moved(), new TrashOutcome.AlreadyInTrash());
        assertThat(isRead(id)).isFalse();
        assertThat(images.unlink(id)).isInstanceOf(UnlinkOutcome.Unlinked.class);
        assertThat(images.has(id)).isFalse();
    }
}
