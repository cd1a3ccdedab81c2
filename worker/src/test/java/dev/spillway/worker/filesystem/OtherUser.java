package dev.spillway.worker.filesystem;

import dev.spillway.worker.core.model.NotKept;
import dev.spillway.worker.core.model.TrashOutcome;
import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.posix.FileName;
import dev.spillway.worker.filesystem.posix.OpenDirectory;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.store.PublishOutcome;
import dev.spillway.worker.filesystem.store.StageMode;
import dev.spillway.worker.filesystem.store.StoreArea;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.tree.SourceNotAllowedException;
import dev.spillway.worker.filesystem.unlink.TreeUnlinker;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs parts of tests as the user {@code nobody}, in a process of its own, if the tests run as root. */
public final class OtherUser {
    private OtherUser() {}

    public static final List<String> NOBODY = List.of("--reuid", "65534", "--regid", "65534", "--clear-groups");
    public static final List<String> WITHOUT_SYS_ADMIN = List.of("--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin");
    public static final List<String> WITHOUT_SETFCAP = List.of("--bounding-set", "-setfcap", "--inh-caps", "-setfcap");

    /** Runs one of the commands of {@link #main} as nobody, on a directory; its failure is thrown with its output. */
    public static void run(String command, String directory) throws IOException, InterruptedException {
        run(NOBODY, command, directory);
    }

    /** Does the same as {@link #run(String, String)}, with another identity, given as options of {@code setpriv}. */
    public static void run(List<String> identity, String command, String directory) throws IOException, InterruptedException {
        Machine.assumeCommand("setpriv");
        // whoever is nobody may not be able to read where these classes were built
        Path classes = Files.createTempDirectory("classes");
        for (String part : System.getProperty("surefire.test.class.path", System.getProperty("java.class.path", "")).split(":", -1)) {
            // a store needs no library but SLF4J, and others for archives; modules are jars once they are packaged
            Path path = Path.of(part);
            if (Files.isDirectory(path)) {
                Machine.run("cp", "-r", part + "/.", classes.toString());
            } else if (path.getFileName() != null && path.getFileName().toString().matches("(spillway|slf4j-api)-.*")) {
                Machine.run("cp", part, classes.toString());
            }
        }
        try {
            Machine.run("chmod", "-R", "a+rX", classes.toString());
            String java = ProcessHandle.current().info().command().orElseThrow();
            List<String> line = new ArrayList<>(List.of("setpriv"));
            line.addAll(identity);
            line.addAll(
                    List.of(
                            java,
                            "--enable-native-access=ALL-UNNAMED",
                            "-Xmx64m",
                            "-cp",
                            classes + ":" + classes + "/*",
                            OtherUser.class.getName(),
                            command,
                            directory));
            Machine.run(line.toArray(String[]::new));
        } finally {
            Machine.remove(classes);
        }
    }

    /** Deletes {@code tree} in the directory, takes it through a store there, or has the trees there that cannot be read refused. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path directory = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "unlink" -> unlink(directory);
            case "store" -> throughStore(directory);
            case "refused" -> refused(directory);
            case "foreign" -> foreign(directory);
            case "lossy" -> lossy(directory);
            case "unseen" -> unseen(directory);
            case "unmovable" -> unmovable(directory);
            default -> throw new IllegalArgumentException("command: " + arguments[0]);
        }
    }

    private static void unlink(Path directory) throws IOException, InterruptedException {
        try (OpenDirectory parent = OpenDirectory.open(directory)) {
            require(TreeUnlinker.unlink(parent, FileName.of("tree")) instanceof UnlinkOutcome.Unlinked, "unlinked");
        }
    }

    private static void throughStore(Path directory) throws IOException, InterruptedException {
        AllowedSources sources = new AllowedSources(List.of(directory));
        try (ImageStore store = ImageStore.open(directory.resolve("store"))) {
            for (StageMode mode : List.of(StageMode.COPY, StageMode.MOVE)) {
                String id = Machine.newId();
                try (SourceDirectory source = sources.open(directory.resolve("tree").toString())) {
                    require(store.stage(id, source, mode, Long.MAX_VALUE) instanceof StageOutcome.Staged, "staged by " + mode);
                }
                require(store.publish(id) == PublishOutcome.PUBLISHED, "published");
                store.settle(id);
                if (mode == StageMode.COPY) {
                    require(TreePicture.of(store.imagePath(id)).equals(TreePicture.of(directory.resolve("tree"))), "the same tree");
                }
                require(store.toTrash(List.of(id)).get(id) instanceof TrashOutcome.Moved, "in the trash");
                require(store.unlink(id, UnlinkPace.none()) instanceof UnlinkOutcome.Unlinked, "unlinked");
            }
        }
    }

    private static void refused(Path directory) throws IOException, InterruptedException {
        AllowedSources sources = new AllowedSources(List.of(directory));
        try (ImageStore store = ImageStore.open(directory.resolve("store"))) {
            for (StageMode mode : StageMode.values()) {
                refused(store, sources, directory.resolve("secret-directory"), mode, "deep/secret");
                if (mode != StageMode.MOVE) {
                    refused(store, sources, directory.resolve("secret-file"), mode, "deep/secret");
                }
            }
            require(store.ids(StoreArea.STAGING).isEmpty(), "nothing in staging");
        }
        try (SourceDirectory _ = sources.open(directory.resolve("secret-directory/deep/secret").toString())) {
            require(false, "refused");
        } catch (SourceNotAllowedException e) {
            require(
                    String.valueOf(e.getMessage()).contains("cannot be opened")
                            && String.valueOf(e.getMessage()).contains("permission denied"),
                    e.getMessage() + " as it should be");
        }
    }

    /** Moves {@code tree}, of which one file has a capability that is lost, into a store on another file system or on the same one. */
    private static void lossy(Path directory) throws IOException, InterruptedException {
        try (ImageStore store = ImageStore.open(directory.resolve("mount/store"))) {
            String id = Machine.newId();
            try (SourceDirectory source = new AllowedSources(List.of(directory)).open(directory.resolve("tree").toString())) {
                StageOutcome outcome = store.stage(id, source, StageMode.MOVE, Long.MAX_VALUE);
                require(
                        outcome instanceof StageOutcome.Staged(var _, var figures)
                                && figures.notKept().equals(Map.of(NotKept.CAPABILITIES, 1L)),
                        "a lost capability: " + outcome);
            }
            store.publish(id);
            store.settle(id);
            require(store.sourceLeft(id).orElseThrow().whole(), "a whole source");
        }
    }

    /** Moves {@code tree}, whose attributes are not seen, into a store on another file system: first as by default, then with these ignored. */
    private static void unseen(Path directory) throws IOException, InterruptedException {
        for (boolean ignored : List.of(false, true)) {
            try (ImageStore store = ImageStore.open(directory.resolve("mount/store"), 0, ignored)) {
                require(!store.seesTrustedAttributes(), "not seen");
                String id = Machine.newId();
                try (SourceDirectory source = new AllowedSources(List.of(directory)).open(directory.resolve("tree").toString())) {
                    require(store.stage(id, source, StageMode.MOVE, Long.MAX_VALUE) instanceof StageOutcome.Staged, "staged");
                }
                store.publish(id);
                store.settle(id);
                require(
                        store.sourceLeft(id).filter(left -> left.whole() && left.why().contains("trusted.*")).isPresent() != ignored,
                        "told that the source stays, unless ignored: " + ignored);
                require(Files.exists(directory.resolve("tree")) != ignored, "source there, unless ignored: " + ignored);
            }
        }
    }

    /** Moves {@code tree}, of which {@code theirs} cannot be removed. */
    private static void unmovable(Path directory) throws IOException, InterruptedException {
        try (ImageStore store = ImageStore.open(directory.resolve("store"))) {
            String id = Machine.newId();
            try (SourceDirectory source = new AllowedSources(List.of(directory)).open(directory.resolve("tree").toString())) {
                StageOutcome outcome = store.stage(id, source, StageMode.MOVE, Long.MAX_VALUE);
                require(
                        outcome instanceof StageOutcome.Staged(var _, var figures) && figures.way() == StageFigures.Way.COPIED,
                        "copied: " + outcome);
            }
            store.publish(id);
            store.settle(id);
            require(store.sourceLeft(id).isPresent(), "told that the source stays");
            store.toTrash(List.of(id));
            require(store.unlink(id, UnlinkPace.none()) instanceof UnlinkOutcome.Unlinked, "unlinked");
        }
    }

    private static void refused(ImageStore store, AllowedSources sources, Path tree, StageMode mode, String path)
            throws IOException, InterruptedException {
        try (SourceDirectory source = sources.open(tree.toString())) {
            StageOutcome outcome = store.stage(Machine.newId(), source, mode, Long.MAX_VALUE);
            require(
                    outcome instanceof StageOutcome.Refused(var reason, var at, var detail) && reason == RefusalReason.UNREADABLE
                            && at.equals(path) && detail.contains("permission denied"),
                    "refused by " + mode + ": " + outcome);
        }
    }

    private static void require(boolean held, String what) {
        if (!held) {
            throw new AssertionError("not " + what);
        }
    }

    /** Copies {@code tree}, a program with the bits of its owner and group and a file, all of root. */
    private static void foreign(Path directory) throws IOException, InterruptedException {
        try (ImageStore store = ImageStore.open(directory.resolve("store"))) {
            String id = Machine.newId();
            try (SourceDirectory source = new AllowedSources(List.of(directory)).open(directory.resolve("tree").toString())) {
                StageOutcome outcome = store.stage(id, source, StageMode.COPY, Long.MAX_VALUE);
                require(
                        outcome instanceof StageOutcome.Staged(var _, var figures)
                                && figures.notKept().equals(Map.of(NotKept.OWNERS, 3L, NotKept.SETUID, 1L)),
                        "lost owners: " + outcome);
            }
            store.publish(id);
        }
    }
}
