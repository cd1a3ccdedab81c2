package dev.spillway.bench.directories;

import dev.spillway.bench.Benchmark;
import dev.spillway.bench.BenchmarkFailedException;
import dev.spillway.bench.Effort;
import dev.spillway.bench.StepListener;
import dev.spillway.bench.measure.BenchReport;
import dev.spillway.bench.measure.Check;
import dev.spillway.bench.measure.Commands;
import dev.spillway.bench.measure.Machine;
import dev.spillway.bench.measure.Run;
import dev.spillway.bench.measure.TemporaryFolder;
import dev.spillway.worker.core.model.UnlinkOutcome;
import dev.spillway.worker.filesystem.StageOutcome;
import dev.spillway.worker.filesystem.store.ImageStore;
import dev.spillway.worker.filesystem.store.PublishOutcome;
import dev.spillway.worker.filesystem.store.StageMode;
import dev.spillway.worker.filesystem.store.StoreArea;
import dev.spillway.worker.filesystem.tree.AllowedSources;
import dev.spillway.worker.filesystem.tree.SourceDirectory;
import dev.spillway.worker.filesystem.unlink.UnlinkPace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/** Trees that a host's store takes and deletes, beside {@code cp -a} with {@code sync -f}, and {@code rm -rf}. Trees are on the disk before each. */
public final class DirectoriesBenchmark implements Benchmark {
    private static final double PUT_BOUND = 1.0;
    private static final double DELETE_BOUND = 1.0;

    private record Line(SampleTree tree, Comparison put, Comparison deletion) {
        static Line of(SampleTree tree) {
            return new Line(
                    tree,
                    new Comparison("put, " + tree.name(), "cp -a and sync -f, " + tree.name(), PUT_BOUND),
                    new Comparison("delete, " + tree.name(), "rm -rf, " + tree.name(), DELETE_BOUND));
        }
    }

    @Override
    public String name() {
        return "directories";
    }

    @Override
    public String description() {
        return "trees that are stored and deleted, beside cp and rm";
    }

    @Override
    public BenchReport run(Effort effort, StepListener progress) throws InterruptedException {
        Run run = Run.begin(name(), effort.quick());
        try (TemporaryFolder folder = TemporaryFolder.create("spillway-directories-");
                ImageStore store = ImageStore.open(folder.path().resolve("store"))) {
            progress.step("making trees");
            List<Line> lines = SampleTree.make(folder.path(), effort.quick()).stream().map(Line::of).toList();
            for (Line line : lines) {
                for (int round = 0; round <= effort.rounds(); round++) {
                    progress.step("%s, round %d of %d".formatted(line.tree().name(), round, effort.rounds()));
                    // The first round warms up: the tree comes to memory, and code is compiled.
                    round(folder.path(), store, round == 0 ? Line.of(line.tree()) : line);
                }
            }
            return run.report(
                    Machine.read(folder.path()),
                    Map.of(),
                    List.of(),
                    lines.stream().flatMap(line -> both(line).stream()).flatMap(each -> each.figures().stream()).toList(),
                    List.of(
                            new Check(
                                    "images left",
                                    new TreeMap<>(
                                            Map.of(
                                                    "images",
                                                    (long) store.ids(
                                                            StoreArea.IMAGES).size())))),
                    lines.stream().flatMap(line -> both(line).stream()).map(Comparison::bar).toList());
        } catch (IOException e) {
            throw new BenchmarkFailedException("directories: " + e, e);
        }
    }

    private static List<Comparison> both(Line line) {
        return List.of(line.put(), line.deletion());
    }

    private static void round(Path folder, ImageStore store, Line line) throws IOException, InterruptedException {
        Path copy = folder.resolve("copy");
        String tree = line.tree().path().toString();
        List<String> stored = new ArrayList<>();
        line.put().theirs(() -> {
            Commands.run("cp", "-a", tree, copy.toString());
            Commands.run("sync", "-f", copy.toString());
        });
        line.put().ours(() -> stored.add(put(store, folder, tree)));
        Commands.run("sync", "-f", folder.toString());
        line.deletion().theirs(() -> Commands.run("rm", "-rf", copy.toString()));
        Commands.run("sync", "-f", folder.toString());
        line.deletion().ours(() -> delete(store, stored.getFirst()));
        Commands.run("sync", "-f", folder.toString());
    }

    private static String put(ImageStore store, Path folder, String tree) throws IOException, InterruptedException {
        String id = UUID.randomUUID().toString();
        try (SourceDirectory source = new AllowedSources(List.of(folder)).open(tree)) {
            StageOutcome staged = store.stage(id, source, StageMode.COPY, Long.MAX_VALUE);
            if (!(staged instanceof StageOutcome.Staged) || store.publish(id) != PublishOutcome.PUBLISHED) {
                throw new BenchmarkFailedException("image " + id + ": " + staged + " (expected: staged and published)");
            }
        }
        return id;
    }

    private static void delete(ImageStore store, String id) throws IOException, InterruptedException {
        store.toTrash(List.of(id));
        UnlinkOutcome unlinked = store.unlink(id, UnlinkPace.none());
        if (!(unlinked instanceof UnlinkOutcome.Unlinked)) {
            throw new BenchmarkFailedException("image " + id + ": " + unlinked + " (expected: unlinked)");
        }
    }
}
