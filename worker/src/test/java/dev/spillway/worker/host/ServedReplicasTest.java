package dev.spillway.worker.host;

import com.sun.management.ThreadMXBean;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.SnapshotId;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ServedReplicasTest {
    private static final NamespaceName IMAGES = new NamespaceName("images");
    private static final NamespaceName OTHERS = new NamespaceName("others");
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");

    private final ServedReplicas served = new ServedReplicas();

    private static ReplicaRecord replica(NamespaceName namespace, String key, long number, long sizeBytes) {
        return new ReplicaRecord(
                new ReplicaId(new UUID(7, number)),
                new EntryName(namespace, new EntryKey(key)),
                new SnapshotId("s" + number),
                number,
                sizeBytes,
                Description.NONE,
                ReplicaState.LIVE,
                false,
                0,
                NOW,
                NOW);
    }

    private static List<String> keys(List<ReplicaRecord> replicas) {
        return replicas.stream().map(replica -> replica.name().key().value()).toList();
    }

    @Test
    void aPageOfALargeNamespaceCostsItsLength() {
        for (int number = 0; number < 100_000; number++) {
            served.put(replica(IMAGES, "key-%06d".formatted(number), number, 1));
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        served.page(IMAGES, "", "key-050000", 10);
        long before = threads.getCurrentThreadAllocatedBytes();
        List<ReplicaRecord> page = served.page(IMAGES, "", "key-050000", 10);
        List<ReplicaRecord> ofPrefix = served.page(IMAGES, "key-09999", "", 100);
        ServedReplicas.Totals totals = served.totals(IMAGES);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).as("bytes, less than one for each entry").isLessThan(50_000);
        assertThat(keys(page)).hasSize(10).startsWith("key-050001").endsWith("key-050010");
        assertThat(keys(ofPrefix)).hasSize(10).startsWith("key-099990").endsWith("key-099999");
        assertThat(totals).isEqualTo(new ServedReplicas.Totals(100_000, 100_000));
    }

    @Test
    void pagesAndTotalsAreThoseOfAModelAfterAnyChanges() {
        Random random = new Random(11);
        TreeMap<EntryKey, ReplicaRecord> model = new TreeMap<>();
        for (int number = 0; number < 5_000; number++) {
            String key = Integer.toString(random.nextInt(200), 3);
            ReplicaRecord replica = replica(IMAGES, key, number, random.nextInt(1_000));
            ReplicaRecord before = model.get(replica.name().key());
            switch (random.nextInt(3)) {
                case 0 -> {
                    served.put(replica);
                    model.put(replica.name().key(), replica);
                }
                case 1 -> served.remove(replica.name(), replica.id());
                default -> {
                    if (before != null) {
                        served.remove(before.name(), before.id());
                        model.remove(before.name().key());
                    }
                }
            }
            String prefix = random.nextBoolean() ? "" : Integer.toString(random.nextInt(9), 3);
            String after = random.nextBoolean() ? "" : Integer.toString(random.nextInt(200), 3);
            int limit = 1 + random.nextInt(20);
            List<ReplicaRecord> expected = model.values()
                    .stream()
                    .filter(each -> each.name().key().value().startsWith(prefix))
                    .filter(each -> after.isEmpty() || each.name().key().compareTo(new EntryKey(after)) > 0)
                    .limit(limit)
                    .toList();
            assertThat(served.page(IMAGES, prefix, after, limit)).as("prefix '%s' after '%s'", prefix, after).isEqualTo(expected);
            assertThat(served.totals(IMAGES)).isEqualTo(
                    new ServedReplicas.Totals(model.size(), model.values().stream().mapToLong(ReplicaRecord::sizeBytes).sum()));
            assertThat(served.get(replica.name()).orElse(null)).isEqualTo(model.get(replica.name().key()));
        }
    }

    @Test
    void allPagesTogetherAreTheNamespaceAndNothingOfAnother() {
        List<String> all = new ArrayList<>();
        for (int number = 0; number < 257; number++) {
            all.add("k%03d".formatted(number));
            served.put(replica(IMAGES, all.getLast(), number, 1));
            served.put(replica(OTHERS, "k%03d-other".formatted(number), 1_000 + number, 1));
        }
        List<String> paged = new ArrayList<>();
        for (List<String> page = keys(served.page(IMAGES, "", "", 10)); !page.isEmpty(); page =
                keys(served.page(IMAGES, "", paged.getLast(), 10))) {
            paged.addAll(page);
        }
        assertThat(paged).isEqualTo(all);
    }

    @Test
    void theFirstPageMissesNothingThatChangesWhileItIsMade() throws Exception {
        for (int round = 0; round < 40; round++) {
            ServedReplicas changing = new ServedReplicas();
            TreeMap<String, Long> model = new TreeMap<>();
            for (int number = 0; number < 5_000; number++) {
                changing.put(replica(IMAGES, "k%04d".formatted(number), number, 1));
                model.put("k%04d".formatted(number), (long) number);
            }
            CountDownLatch begun = new CountDownLatch(1);
            Random random = new Random(round);
            AtomicBoolean asked = new AtomicBoolean();
            Thread writer = Thread.ofPlatform().start(() -> {
                for (long number = 10_000; number < 10_100 || !asked.get(); number++) {
                    begun.countDown();
                    String key = "k%04d".formatted(random.nextInt(6_000));
                    Long before = model.get(key);
                    if (before != null && random.nextBoolean()) {
                        changing.remove(new EntryName(IMAGES, new EntryKey(key)), new ReplicaId(new UUID(7, before)));
                        model.remove(key);
                    } else {
                        changing.put(replica(IMAGES, key, number, 1));
                        model.put(key, number);
                    }
                }
            });
            begun.await();
            assertThat(changing.page(IMAGES, "", "", 10)).hasSize(10);
            asked.set(true);
            writer.join();
            assertThat(changing.page(IMAGES, "", "", 10_000)).as("round %d", round)
                    .extracting(ReplicaRecord::generation)
                    .containsExactlyElementsOf(model.values());
        }
    }
}
