package dev.spillway.simulation;

import dev.spillway.events.NamespaceName;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.model.PolicyChange;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The operators of the database. They make backups, restore one while workers run, and confirm the restore, sometimes late. Coordinators crash with
 * the database, and messages that were sent before a restore arrive after it.
 */
final class Restores {
    private static final int ASKS_AGAIN_MILLIS = 3_000;
    private static final int LATE_MILLIS_MAX = 150_000;
    private static final int SOON_MILLIS_MAX = 3_000;

    private final SimulatedDatabase database;
    private final Coordinators coordinators;
    private final Timeline timeline;
    private final Story story;
    private final RandomGenerator random;
    private final List<SimulatedDatabase.Backup> backups = new ArrayList<>();
    private long restored;

    Restores(SimulatedDatabase database, Coordinators coordinators, Timeline timeline, Story story, RandomGenerator random) {
        this.database = database;
        this.coordinators = coordinators;
        this.timeline = timeline;
        this.story = story;
        this.random = random;
    }

    /** Returns the number of restores. */
    long restored() {
        return restored;
    }

    void backUp() {
        story.tell("somebody", "backs up the database,", database.committed().registry());
        backups.add(database.backUp());
    }

    /** Restores any of the backups, which may be older than the one restored last. Does nothing if there is none. */
    void restore(NamespaceName namespace) {
        if (backups.isEmpty()) {
            return;
        }
        coordinators.crashAll();
        SimulatedDatabase.Backup backup = backups.get(random.nextInt(backups.size()));
        story.tell("somebody", "restores the database,", database.committed().registry(), "to", backup.rows().registry());
        database.restore(backup);
        restored++;
        long which = restored;
        long epoch = database.committed().registry().epoch();
        boolean late = random.nextInt(3) == 0;
        timeline.after(1 + random.nextInt(late ? LATE_MILLIS_MAX : SOON_MILLIS_MAX), () -> say(which, epoch));
        timeline.after(1 + random.nextInt(LATE_MILLIS_MAX), () -> setAgain(which, namespace));
    }

    /** Confirms the restore, again and again until this is known to have succeeded. */
    private void say(long which, long epoch) {
        if (which == restored && database.committed().registry().epoch() == epoch) {
            coordinators.execute(new Command.Restored(epoch));
            timeline.after(ASKS_AGAIN_MILLIS, () -> say(which, epoch));
        }
    }

    /** Sets a namespace again that the backup does not have, because hosts have images of it. */
    private void setAgain(long which, NamespaceName namespace) {
        if (which == restored && !database.committed().storedNamespaces().containsKey(namespace)) {
            coordinators.execute(new Command.SetPolicy(namespace, PolicyChange.ofTtl(null)));
            timeline.after(ASKS_AGAIN_MILLIS, () -> setAgain(which, namespace));
        }
    }
}
