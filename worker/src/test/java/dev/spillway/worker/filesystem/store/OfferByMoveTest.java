package dev.spillway.worker.filesystem.store;

import dev.spillway.worker.core.model.TrashOutcome;
import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.Machine;
import dev.spillway.worker.filesystem.RandomTree;
import dev.spillway.worker.filesystem.StageFigures;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.TreePicture;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.tree.SourceLeft;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** A tree offered by move is kept or given back, and never deleted before its image is registered. */
class OfferByMoveTest {
    @TempDir(cleanup = CleanupMode.NEVER)
    private Path temporary;
    private Path root;
    private Path source;
    private SortedMap<String, String> before;

    @BeforeEach
    void tree() throws IOException {
        temporary = temporary.toRealPath();
        root = temporary.resolve("store");
        source = temporary.resolve("an offered tree (100%)");
        RandomTree.make(source, new Random(3), 80, Machine.isRoot());
        before = TreePicture.of(source);
    }

    @AfterEach
    void clean() throws Exception {
        Machine.remove(temporary);
    }

    private StageOutcome move(ImageStore store, String id, long maxBytes) throws IOException, InterruptedException {
        try (SourceDirectory directory = new AllowedSources(List.of(Path.of("/"))).open(source.toString())) {
            return store.stage(id, directory, StageMode.MOVE, maxBytes);
        }
    }

    private StageFigures move(ImageStore store, String id) throws IOException, InterruptedException {
        return ((StageOutcome.Staged) move(store, id, Long.MAX_VALUE)).figures();
    }

    @Test
    void onOneFileSystemTheTreeItselfIsRenamedAndReleasedWhenSettled() throws Exception {
        String id = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            Object inode = Files.getAttribute(source, "unix:ino");
            assertThat(move(store, id).way()).isEqualTo(StageFigures.Way.RENAMED);
            assertThat(source).doesNotExist();
            store.publish(id);
            assertThat(TreePicture.differences(TreePicture.of(store.imagePath(id)), before)).isEmpty();
            assertThat(Files.getAttribute(store.imagePath(id), "unix:ino")).isEqualTo(inode);
            assertThat(store.offered()).containsExactly(id);
            assertThat(store.settle(id)).isEqualTo(new SettleOutcome.Released());
            assertThat(store.offered()).isEmpty();
            assertThat(store.toTrash(List.of(id)).values()).containsExactly(new TrashOutcome.Moved());
            assertThat(store.settle(id)).isEqualTo(new SettleOutcome.NothingOffered());
        }
    }

    @Test
    void beforeItIsSettledItIsNeverDeleted() throws Exception {
        String id = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            move(store, id);
            assertThatThrownBy(() -> store.discardStaged(id)).isInstanceOf(OfferedTreeException.class)
                    .hasMessageContaining(source.toString());
            store.publish(id);
            assertThat(store.toTrash(List.of(id)).get(id)).isInstanceOfSatisfying(
                    TrashOutcome.Failed.class,
                    failed -> assertThat(failed.cause()).isInstanceOf(OfferedTreeException.class));
            assertThat(store.discardStaged(id)).isEqualTo(new UnlinkOutcome.Absent());
            assertThat(store.unlink(id, UnlinkPace.none())).isEqualTo(new UnlinkOutcome.Absent());
            assertThat(store.offered()).as("still to be settled or given back").containsExactly(id);
            assertThat(TreePicture.differences(TreePicture.of(store.imagePath(id)), before)).isEmpty();
        }
    }

    @Test
    void itIsGivenBackFromStagingAndFromTheImages() throws Exception {
        String id = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            move(store, id);
            assertThat(store.giveBack(id)).isEqualTo(GiveBackOutcome.GIVEN_BACK);
            assertThat(TreePicture.differences(TreePicture.of(source), before)).isEmpty();
            assertThat(store.ids(StoreArea.STAGING)).isEmpty();
            assertThat(store.giveBack(id)).isEqualTo(GiveBackOutcome.NOTHING_OFFERED);
            move(store, id);
            store.publish(id);
            assertThat(store.giveBack(id)).isEqualTo(GiveBackOutcome.GIVEN_BACK);
            assertThat(TreePicture.differences(TreePicture.of(source), before)).isEmpty();
            assertThat(store.ids(StoreArea.IMAGES)).isEmpty();
        }
    }

    @Test
    void itIsGivenBackAfterACrash() throws Exception {
        String id = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            move(store, id);
        }
        try (ImageStore store = ImageStore.open(root)) {
            assertThat(store.offered()).containsExactly(id);
            assertThat(store.giveBack(id)).isEqualTo(GiveBackOutcome.GIVEN_BACK);
        }
        assertThat(TreePicture.differences(TreePicture.of(source), before)).isEmpty();
    }

    @Test
    void aCrashBeforeTheRenameLeavesTheSourceUntouched() throws Exception {
        String id = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            move(store, id);
            Files.move(root.resolve("staging").resolve(id), source);
            assertThat(store.giveBack(id)).isEqualTo(GiveBackOutcome.SOURCE_UNTOUCHED);
            assertThat(store.offered()).isEmpty();
        }
        assertThat(TreePicture.differences(TreePicture.of(source), before)).isEmpty();
    }

    @Test
    void whereSomethingElseHasItsPathByNowItStaysAndCanBeGivenBackElsewhere() throws Exception {
        String id = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            move(store, id);
            Files.createDirectory(source);
            assertThatThrownBy(() -> store.giveBack(id)).isInstanceOf(IOException.class)
                    .hasMessageContaining(source.toString())
                    .hasMessageContaining("file exists");
            Path elsewhere = temporary.resolve("elsewhere");
            assertThat(store.giveBack(id, elsewhere)).isEqualTo(GiveBackOutcome.GIVEN_BACK);
            assertThat(TreePicture.differences(TreePicture.of(elsewhere), before)).isEmpty();
        }
    }

    @Test
    void aTreeBeyondTheBoundOrWithADeviceStaysWhereItIs() throws Exception {
        String id = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            assertThat(move(store, id, 10_000)).isEqualTo(new StageOutcome.TooLarge(10_000));
            assertThat(TreePicture.differences(TreePicture.of(source), before)).isEmpty();
            Files.setAttribute(source, "unix:mode", 0755);
            Machine.run("mkfifo", source.resolve("pipe").toString());
            assertThat(move(store, id, Long.MAX_VALUE)).isInstanceOfSatisfying(
                    StageOutcome.Refused.class,
                    refused -> assertThat(refused.path()).isEqualTo("pipe"));
            assertThat(source.resolve("pipe")).exists();
            assertThat(store.offered()).isEmpty();
            assertThat(store.ids(StoreArea.STAGING)).isEmpty();
        }
    }

    @Test
    void aTreeThatSharesAFileWithTheOutsideIsCopiedAndItsSourceDeletedWhenSettled() throws Exception {
        Path outside = temporary.resolve("outside");
        Path inside = Files.writeString(source.resolve("shared"), "shared");
        Files.createLink(outside, inside);
        String id = Machine.newId();
        try (ImageStore store = ImageStore.open(root)) {
            assertThat(move(store, id).way()).isEqualTo(StageFigures.Way.COPIED);
            assertThat(source).isDirectory();
            Files.writeString(outside, "changed outside");
            store.publish(id);
            assertThat(store.imagePath(id).resolve("shared")).hasContent("shared");
        }
    }

    @Test
    void fromAnotherFileSystemItIsCopiedAndItsSourceDeletedOnlyWhenSettled() throws Exception {
        Machine.onTmpfs(temporary.resolve("tmpfs"), "64m", () -> {
            String id = Machine.newId();
            try (ImageStore store = ImageStore.open(temporary.resolve("tmpfs/store"))) {
                assertThat(move(store, id).way()).isEqualTo(StageFigures.Way.COPIED);
                assertThat(TreePicture.differences(TreePicture.of(source), before)).isEmpty();
                store.publish(id);
                assertThat(store.settle(id)).isInstanceOfSatisfying(
                        SettleOutcome.SourceDeleted.class,
                        deleted -> assertThat(deleted.outcome()).isInstanceOf(UnlinkOutcome.Unlinked.class));
                assertThat(source).doesNotExist();
                assertThat(TreePicture.differences(TreePicture.of(store.imagePath(id)), before)).isEmpty();
            }
        });
    }

    @Test
    void aSourceThatChangedAfterItWasCopiedIsKept() throws Exception {
        Machine.onTmpfs(temporary.resolve("tmpfs"), "64m", () -> {
            String id = Machine.newId();
            try (ImageStore store = ImageStore.open(temporary.resolve("tmpfs/store"))) {
                move(store, id);
                Path added = Files.writeString(source.resolve("written later"), "precious");
                assertThat(store.settle(id))
                        .isEqualTo(new SettleOutcome.SourceKept(source, SourceLeft.whole(".", "was changed after it was copied")));
                assertThat(added).hasContent("precious");
            }
        });
    }

    @Test
    void aCopyThatIsEvictedBeforeItIsSettledLeavesItsSource() throws Exception {
        Machine.onTmpfs(temporary.resolve("tmpfs"), "64m", () -> {
            String id = Machine.newId();
            try (ImageStore store = ImageStore.open(temporary.resolve("tmpfs/store"))) {
                move(store, id);
                store.publish(id);
                store.toTrash(List.of(id));
                store.unlink(id, UnlinkPace.none());
                assertThat(store.settle(id)).isEqualTo(new SettleOutcome.NothingOffered());
            }
        });
        assertThat(TreePicture.differences(TreePicture.of(source), before)).isEmpty();
    }

    @Test
    void aCopyThatIsNotWantedIsDiscardedAndTheSourceStays() throws Exception {
        Machine.onTmpfs(temporary.resolve("tmpfs"), "64m", () -> {
            String id = Machine.newId();
            try (ImageStore store = ImageStore.open(temporary.resolve("tmpfs/store"))) {
                move(store, id);
                assertThat(store.giveBack(id)).isEqualTo(GiveBackOutcome.SOURCE_UNTOUCHED);
                assertThat(store.discardStaged(id)).isInstanceOf(UnlinkOutcome.Unlinked.class);
            }
        });
        assertThat(TreePicture.differences(TreePicture.of(source), before)).isEmpty();
    }
}
