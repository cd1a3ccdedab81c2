package dev.spillway.pager;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;

import static org.assertj.core.api.Assertions.assertThat;

/** Snapshots of one pack that lack a state, or a part of one, and whose checks are right otherwise. */
public final class ForgedStates {
    private ForgedStates() {}

    /** Takes a sequence's state of one pool out of the manifest of a snapshot. */
    public static void removeState(Path directory, String sequence, String pool) throws IOException {
        SnapshotManifest right = Snapshot.open(directory).manifest();
        List<SnapshotManifest.Sequence> sequences = right.sequences().stream().map(one -> {
            TreeMap<String, SnapshotManifest.State> states = new TreeMap<>(one.states());
            if (one.id().equals(sequence)) {
                states.remove(pool);
            }
            return new SnapshotManifest.Sequence(one.id(), one.lastPageTokens(), one.pages(), one.checks(), states);
        }).toList();
        SnapshotManifest forged = SnapshotManifest.of(right.meta(), right.packs(), right.pages(), sequences);
        Files.write(directory.resolve(SnapshotManifest.FILE), forged.json());
    }

    /** Keeps the first half of a sequence's state of one pool in the pack of a snapshot. */
    public static void halveState(Path directory, String sequence, String pool) throws IOException {
        SnapshotManifest manifest = Snapshot.open(directory).manifest();
        PageShape page = manifest.meta().page();
        SnapshotManifest.Sequence changed =
                manifest.sequences().stream().filter(one -> one.id().equals(sequence)).findFirst().orElseThrow();
        int halved = at(changed, pool);
        TreeMap<Integer, StatePool> tensors = new TreeMap<>();
        manifest.pages().forEach(one -> tensors.put(one.at(), new StatePool("page", page.elements(), page.dimensions())));
        manifest.sequences()
                .forEach(one -> manifest.meta().states().forEach(state -> tensors.put(at(one, state.name()), state)));
        assertThat(manifest.packs()).hasSize(1);
        String pack = manifest.packs().getFirst();
        Path apart = Files.createTempDirectory("forged");
        try (PackReader reader = PackReader.open(directory, pack); PackWriter writer = new PackWriter(apart, pack, tensors.size())) {
            for (int at = 0; at < tensors.size(); at++) {
                StatePool tensor = Objects.requireNonNull(tensors.get(at));
                ByteBuffer content = ByteBuffer.allocateDirect(Math.toIntExact(tensor.bytes()));
                reader.read(at, tensor.elements(), tensor.dimensions(), content);
                if (at == halved) {
                    int bytes = content.limit() / 2;
                    writer.add(
                            tensor.elements(),
                            List.of((long) bytes / tensor.elements().bytes()),
                            content.limit(bytes),
                            PageHash.of(content),
                            null);
                } else {
                    writer.add(tensor.elements(), tensor.dimensions(), content, PageHash.of(content), null);
                }
            }
            writer.finish();
        }
        Files.move(apart.resolve(pack), directory.resolve(pack), StandardCopyOption.REPLACE_EXISTING);
        Files.delete(apart);
    }

    private static int at(SnapshotManifest.Sequence sequence, String pool) {
        return Objects.requireNonNull(sequence.states().get(pool)).page().at();
    }
}
