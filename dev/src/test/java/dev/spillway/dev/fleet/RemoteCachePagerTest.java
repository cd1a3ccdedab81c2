package dev.spillway.dev.fleet;

import dev.spillway.api.Pagers;
import dev.spillway.client.SpillwayClient;
import dev.spillway.pager.CachePager;
import dev.spillway.pager.CachePagerContract;
import dev.spillway.pager.PagerMeta;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** The pager of another process: a worker's, by HTTP. */
@Tag("full")
class RemoteCachePagerTest extends CachePagerContract {
    @TempDir
    private static Path scratch;
    private static FleetInProcess fleet;
    private static SpillwayClient client;
    private static int created;

    @BeforeAll
    static void startFleet() throws Exception {
        fleet = new FleetInProcess(scratch.resolve("fleet"), 1);
        client = SpillwayClient.builder().worker(fleet.workerUrl(1)).build();
    }

    @AfterAll
    static void stopFleet() {
        client.close();
        fleet.close();
    }

    @Override
    protected CachePager create(PagerMeta meta, int pages) throws Exception {
        created++;
        return client.createPager(new Pagers.Create("pager-" + created, meta, pages, 8, created % 2 == 0, 4, true));
    }
}
