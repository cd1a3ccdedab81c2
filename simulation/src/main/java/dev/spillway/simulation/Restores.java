package dev.spillway.simulation;

import dev.spillway.coordinator.core.Command;
import dev.spillway.coordinator.core.PolicyChange;
import dev.spillway.events.NamespaceName;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The people who look after the database: they back it up, put a backup back while workers go on, and say so, sometimes late. Coordinators die with the
 * database; messages that were sent before arrive after it.
 */
final class Restores {
    private static final int ASKS_AGAIN_MILLIS = 3_000;
    private static final int LATE_MILLIS_MAX = 150_000;
    private static final int SOON_MILLIS_MAX = 3_000;

    private final Database database;
    private final Coordinators coordinators;
    private final Timeline timeline;
    private final Story story;
    private final RandomGenerator random;
    private final List<Database.Backup> backups = new ArrayList<>();
    private long restored;

    Restores(Database database, Coordinators coordinators, Timeline timeline, Story story, RandomGenerator random) {
        this.database = database;
        this.coordinators = coordinators;
        this.timeline = timeline;
        this.story = story;
        this.random = random;
    }

    /** How often the database was restored. */
    long restored() {
        return restored;
    }

    void backUp() {
        story.tell("somebody", "backs up the database,", database.committed().registry());
        backups.add(database.backUp());
    }

    /** Goes back to any of the backups, which may be older than what was restored last. Does nothing where there is none. */
    void restore(NamespaceName namespace) {
        if (backups.isEmpty()) {
            return;
        }
        coordinators.crashAll();
        Database.Backup backup = backups.get(random.nextInt(backups.size()));
        story.tell("somebody", "restores the database,", database.committed().registry(), "to", backup.rows().registry());
        database.restore(backup);
        restored++;
        long which = restored;
        long epoch = database.committed().registry().epoch();
        boolean late = random.nextInt(3) == 0;
        timeline.after(1 + random.nextInt(late ? LATE_MILLIS_MAX : SOON_MILLIS_MAX), () -> say(which, epoch));
        timeline.after(1 + random.nextInt(LATE_MILLIS_MAX), () -> setAgain(which, namespace));
    }

    /** Until it is known to be said. */
    private void say(long which, long epoch) {
        if (which == restored && database.committed().registry().epoch() == epoch) {
            coordinators.execute(new Command.Restored(epoch));
            timeline.after(ASKS_AGAIN_MILLIS, () -> say(which, epoch));
        }
    }

    /** A namespace that the backup does not know is set again, because hosts have images of it. */
    private void setAgain(long which, NamespaceName namespace) {
        if (which == restored && !database.committed().storedNamespaces().containsKey(namespace)) {
            coordinators.execute(new Command.SetPolicy(namespace, PolicyChange.ofTtl(null)));
            timeline.after(ASKS_AGAIN_MILLIS, () -> setAgain(which, namespace));
        }
    }
}
