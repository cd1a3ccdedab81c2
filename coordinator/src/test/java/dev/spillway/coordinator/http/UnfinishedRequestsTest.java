package dev.spillway.coordinator.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.body.Namespaces;
import dev.spillway.api.body.Plans;
import dev.spillway.coordinator.TroubledRegistry.Trouble;
import dev.spillway.coordinator.http.ServedRegistry.Answer;
import dev.spillway.events.Description;
import dev.spillway.events.EntryKey;
import dev.spillway.events.EntryName;
import dev.spillway.events.NamespaceName;
import dev.spillway.events.SnapshotId;
import dev.spillway.registry.decide.Command;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/** A request of several commands that fails behind the first one says what it did, and goes on when it is sent again. */
class UnfinishedRequestsTest {
    private static final String KEY = "Idempotency-Key";
    private static final String CLEAN = "/v1/namespaces/trees/clean";
    private static final String CONFIRM = "{\"confirm\":\"trees\"}";
    private static final String PRUNE = "/v1/namespaces/trees/prune";
    private static final String NAMESPACE = "/v1/namespaces/trees";
    private static final String AWAY = "the registry's database cannot be used right now";
    private static final String GOES_ON = " (expected: all that was asked for; the same request goes on where this one stopped)";

    private ServedRegistry http;

    @BeforeEach
    void serve() throws Exception {
        http = new ServedRegistry();
        http.namespace("trees", 10_000);
    }

    @AfterEach
    void close() {
        http.close();
    }

    private void fill(int entries) {
        for (int i = 0; i < entries; i++) {
            var name = new EntryName(new NamespaceName("trees"), new EntryKey("k" + i));
            http.registry.execute(new Command.Put(name, new SnapshotId("s" + i), 1, Description.NONE));
        }
    }

    private Namespaces.Namespace namespace() throws Exception {
        return http.get(NAMESPACE).is(200).as(Namespaces.Namespace.class);
    }

    private static JsonNode unfinished(Answer answer, int status, String detail, long evicted) throws Exception {
        answer.isProblem(status, "unfinished", detail);
        assertThat(answer.tree().path("evicted").asLong(-1)).isEqualTo(evicted);
        assertThat(answer.response.headers().firstValue("Retry-After")).hasValue("1");
        assertThat(answer.response.body()).doesNotContain("nothing was changed", "db.internal", "Exception");
        return answer.tree();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                    "BUSY|503|the registry has more to do than it gets done",
                    "UNAVAILABLE|503|" + AWAY,
                    "LOST_WHILE_COMMITTING|504|the connection to the database was lost while committing, and whether more was done is not known"})
    void aCleanThatStopsTellsWhatIsGoneAndGoesOn(Trouble stop, int status, String why) throws Exception {
        fill(1_999);
        for (int time = 0; time < 2; time++) {
            http.registry.after(1, stop);
            JsonNode problem = unfinished(
                    http.post(CLEAN, CONFIRM, KEY, "c"),
                    status,
                    "namespace trees: 1,000 entries were evicted, then: " + why + GOES_ON,
                    1_000);
            assertThat(problem.has("planId")).isFalse();
            http.registry.now(Trouble.NONE);
            assertThat(namespace().entries()).isEqualTo(stop == Trouble.LOST_WHILE_COMMITTING ? 0 : 999);
        }
        assertThat(http.post(CLEAN, CONFIRM, KEY, "c").is(200).as(Namespaces.Cleaned.class)).isEqualTo(new Namespaces.Cleaned(1_999, 0));
        assertThat(namespace().entries()).isZero();
    }

    @Test
    void aCleanWithoutAKeyGoesOnToo() throws Exception {
        fill(1_001);
        http.registry.after(1, Trouble.BUSY);
        http.post(CLEAN, CONFIRM).is(503);
        http.registry.now(Trouble.NONE);
        assertThat(http.post(CLEAN, CONFIRM).is(200).as(Namespaces.Cleaned.class)).isEqualTo(new Namespaces.Cleaned(1, 0));
    }

    @ParameterizedTest
    @EnumSource(value = Trouble.class, names = {"BUSY", "UNAVAILABLE"})
    void whatStopsInItsFirstStepChangedNothing(Trouble stop) throws Exception {
        fill(20);
        String plan = http.post(PRUNE, "{\"maxEntries\":1,\"dryRun\":true}").is(200).tree().path("id").asText();
        http.registry.now(stop);
        for (var answer : new Answer[]{
                http.post(CLEAN, CONFIRM),
                http.post(PRUNE, "{\"maxEntries\":15}"),
                http.put(NAMESPACE, "{\"maxEntries\":15}"),
                http.post("/v1/plans/" + plan + "/apply")}) {
            answer.isProblem(
                    503,
                    stop == Trouble.BUSY ? "registry-busy" : "registry-unavailable",
                    "nothing was changed; the same request can be sent again");
        }
        http.registry.now(Trouble.NONE);
        assertThat(namespace().entries()).isEqualTo(20);
        assertThat(namespace().maxEntries()).isEqualTo(10_000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                    "1|no victim was evicted|0|OPEN",
                    "2|1,000 victims were evicted|1000|APPLYING",
                    "3|1,001 victims were evicted|1001|APPLIED"})
    void aPruneThatStopsNamesItsPlanAndGoesOnWithIt(int steps, String done, long evicted, Plans.State state) throws Exception {
        fill(2_002);
        http.registry.after(steps, Trouble.UNAVAILABLE);
        Answer answer = http.post(PRUNE, "{\"maxEntries\":1001}", KEY, "p");
        String plan = answer.tree().path("planId").asText();
        unfinished(answer, 503, "namespace trees, plan " + plan + ": " + done + ", then: " + AWAY + GOES_ON, evicted);
        http.registry.now(Trouble.NONE);
        assertThat(http.get("/v1/plans/" + plan).is(200).as(Plans.Plan.class).state()).isEqualTo(state);
        assertThat(namespace().entries()).isEqualTo(2_002 - evicted);
        Plans.Plan whole = http.post(PRUNE, "{\"maxEntries\":1001}", KEY, "p").is(200).as(Plans.Plan.class);
        assertThat(whole.id()).hasToString(plan);
        assertThat(whole.state()).isEqualTo(Plans.State.APPLIED);
        assertThat(namespace().entries()).isEqualTo(1_001);
    }

    @Test
    void aPlanWhoseVictimsAreStillBeingChosenIsNamedToo() throws Exception {
        fill(2_100);
        String dryRun = "{\"maxEntries\":0,\"dryRun\":true}";
        http.registry.after(1, Trouble.BUSY);
        Answer answer = http.post(PRUNE, dryRun, KEY, "p");
        String plan = answer.tree().path("planId").asText();
        unfinished(
                answer,
                503,
                "namespace trees, plan " + plan
                        + ": no victim was evicted, then: the registry has more to do than it gets done" + GOES_ON,
                0);
        http.registry.now(Trouble.NONE);
        Plans.Plan whole = http.post(PRUNE, dryRun, KEY, "p").is(200).as(Plans.Plan.class);
        assertThat(whole.id()).hasToString(plan);
        assertThat(whole.victimCount()).isEqualTo(2_100);
    }

    @Test
    void aPlanThatStopsWhileItIsAppliedSaysHowFarItCame() throws Exception {
        fill(1_001);
        String plan = http.post(PRUNE, "{\"maxEntries\":0,\"dryRun\":true}").is(200).tree().path("id").asText();
        http.registry.after(1, Trouble.BUSY);
        JsonNode problem = unfinished(
                http.post("/v1/plans/" + plan + "/apply"),
                503,
                "plan " + plan + ": 1,000 victims were evicted, then: the registry has more to do than it gets done" + GOES_ON,
                1_000);
        assertThat(problem.path("planId").asText()).isEqualTo(plan);
        http.registry.now(Trouble.NONE);
        assertThat(http.post("/v1/plans/" + plan + "/apply").is(200).as(Plans.Plan.class).state()).isEqualTo(Plans.State.APPLIED);
        assertThat(namespace().entries()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"2, 1000", "4, 1001"})
    void aLoweredLimitThatStopsTellsWhatIsGoneAndIsSetWhenAskedAgain(int steps, long evicted) throws Exception {
        fill(2_002);
        http.registry.after(steps, Trouble.UNAVAILABLE);
        Answer answer = http.put(NAMESPACE, "{\"maxEntries\":1001}", KEY, "l");
        String plan = answer.tree().path("planId").asText();
        unfinished(
                answer,
                503,
                "namespace trees, plan %s: %,d victims were evicted, then: %s%s".formatted(plan, evicted, AWAY, GOES_ON),
                evicted);
        http.registry.now(Trouble.NONE);
        assertThat(http.get("/v1/plans/" + plan).is(200).as(Plans.Plan.class).id()).hasToString(plan);
        assertThat(http.put(NAMESPACE, "{\"maxEntries\":1001}", KEY, "l").is(200).as(Namespaces.Policy.class).evicted()).isEqualTo(1_001);
        assertThat(namespace()).extracting(Namespaces.Namespace::entries, Namespaces.Namespace::maxEntries).containsExactly(1_001L, 1_001L);
    }
}
