package dev.spillway.coordinator.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.spillway.api.body.Namespaces;
import dev.spillway.api.body.Plans;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class PlansOverHttpTest extends OverHttp {
    PlansOverHttpTest() {
        super(1_000);
    }

    private void fill(int entries) throws Exception {
        for (int i = 0; i < entries; i++) {
            http.put("/v1/namespaces/vm/entries/k" + i, "{\"snapshotId\":\"s" + i + "\",\"sizeBytes\":2}").is(200);
        }
    }

    private List<String> keys() throws Exception {
        List<String> keys = new ArrayList<>();
        http.get("/v1/namespaces/vm/entries").tree().path("items").forEach(entry -> keys.add(entry.path("key").asText()));
        return keys;
    }

    @Test
    void aDryRunTellsEachVictimAndItsReasonAndApplyEvictsThem() throws Exception {
        fill(5);
        Plans.Plan plan = http.post("/v1/namespaces/vm/prune", "{\"maxBytes\":5,\"dryRun\":true}").is(200).as(Plans.Plan.class);
        assertThat(plan.state()).isEqualTo(Plans.State.OPEN);
        assertThat(plan.victims()).extracting(victim -> victim.number() + " " + victim.key() + " " + victim.reason())
                .containsExactly("1 k0 OVER_MAX_BYTES", "2 k1 OVER_MAX_BYTES", "3 k2 OVER_MAX_BYTES");
        assertThat(plan).extracting(Plans.Plan::victimCount, Plans.Plan::victimBytes, Plans.Plan::allowed, Plans.Plan::namespaceEntries)
                .containsExactly(3L, 6L, 5L, 5L);
        assertThat(plan.expiresAt()).isEqualTo(ServedRegistry.START.plus(Duration.ofHours(24)));
        assertThat(keys()).hasSize(5);
        http.get("/v1/namespaces/vm/entries/k1").is(200);
        for (int time = 0; time < 2; time++) {
            Plans.Plan applied = http.post("/v1/plans/" + plan.id() + "/apply").is(200).as(Plans.Plan.class);
            assertThat(applied.state()).isEqualTo(Plans.State.APPLIED);
            assertThat(applied.applied()).isEqualTo(new Plans.Applied(2, 4, 0, 0, 0, 1, 0, null));
            assertThat(applied.victims()).as("what was not evicted")
                    .extracting(victim -> victim.key() + " " + victim.outcome())
                    .containsExactly("k1 USED");
        }
        assertThat(keys()).containsExactly("k3", "k4", "k1");
        JsonNode evictions = http.get("/v1/evictions?plan=" + plan.id()).is(200).tree().path("items");
        assertThat(evictions).hasSize(2).allMatch(eviction -> eviction.path("actor").asText().equals("client:anonymous"));
        assertThat(http.get("/v1/evictions?cause=PRUNED").tree().path("items")).hasSize(2);
        assertThat(http.get("/v1/evictions?cause=CAPACITY").tree().path("items")).isEmpty();
    }

    @Test
    void plansAreListedInPages() throws Exception {
        fill(3);
        http.put("/v1/namespaces/empty", "{}").is(200);
        String first = http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":2,\"dryRun\":true}").is(200).tree().path("id").asText();
        http.pass(Duration.ofMillis(2));
        String second = http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":1}").is(200).tree().path("id").asText();
        JsonNode page = http.get("/v1/plans?namespace=vm&limit=1").is(200).tree();
        assertThat(page.path("items")).hasSize(1);
        assertThat(page.path("items").get(0).path("id").asText()).isEqualTo(second);
        assertThat(page.path("items").get(0).path("applied").path("evicted").asInt()).isEqualTo(2);
        assertThat(page.path("items").get(0).has("victims")).isFalse();
        JsonNode rest = http.get("/v1/plans?limit=1&after=" + page.path("next").asText()).is(200).tree();
        assertThat(rest.path("items").get(0).path("id").asText()).isEqualTo(first);
        assertThat(rest.has("next")).isFalse();
        assertThat(http.get("/v1/plans?namespace=empty").is(200).tree().path("items")).isEmpty();
        http.get("/v1/plans?namespace=nowhere").is(404);
        http.get("/v1/plans?after=x").isProblem(400, "invalid-value", "after: x (expected: the next of an earlier page)");
    }

    @Test
    void aPruneWithinTheShareIsAppliedAtOnceAndOnceOnly() throws Exception {
        fill(12);
        for (int time = 0; time < 2; time++) {
            Plans.Plan plan = http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":6}", "Idempotency-Key", "prune-1")
                    .is(200)
                    .as(Plans.Plan.class);
            assertThat(plan.state()).isEqualTo(Plans.State.APPLIED);
            assertThat(plan.applied()).isEqualTo(new Plans.Applied(6, 12, 0, 0, 0, 0, 0, null));
            assertThat(plan.victims()).isEmpty();
            http.put("/v1/namespaces/vm/entries/later", "{\"snapshotId\":\"s\"}").is(200);
        }
        assertThat(keys()).hasSize(7);
    }

    @Test
    void aPruneBeyondTheShareStopsAndNamesThePlan() throws Exception {
        fill(12);
        var refused = http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":5}").is(409);
        String plan = refused.tree().path("planId").asText();
        refused.isProblem(
                409,
                "plan-needed",
                "prune: would evict 7 of 12 entries (expected: at most 6 without asking; plan " + plan
                        + " evicts them when it is applied)");
        assertThat(keys()).hasSize(12);
        assertThat(http.get("/v1/plans/" + plan).is(200).as(Plans.Plan.class).victims()).hasSize(7);
        http.post("/v1/plans/" + plan + "/apply").is(200);
        assertThat(keys()).hasSize(5);
    }

    @Test
    void aLoweredLimitIsSetByItsPlan() throws Exception {
        fill(12);
        String plan = http.put("/v1/namespaces/vm", "{\"maxEntries\":2}").is(409).tree().path("planId").asText();
        Plans.Plan applied = http.post("/v1/plans/" + plan + "/apply").is(200).as(Plans.Plan.class);
        assertThat(applied.policySet()).isTrue();
        assertThat(applied.applied()).isEqualTo(new Plans.Applied(10, 20, 0, 0, 0, 0, 0, 0L));
        assertThat(http.get("/v1/namespaces/vm").as(Namespaces.Namespace.class).maxEntries()).isEqualTo(2);
        assertThat(keys()).containsExactly("k10", "k11");
    }

    @Test
    void aPlanThatCouldNotSetItsLimitIsNotAnsweredAsDone() throws Exception {
        fill(20);
        String plan = http.put("/v1/namespaces/vm", "{\"maxEntries\":4}").is(409).tree().path("planId").asText();
        for (int i = 0; i < 30; i++) {
            http.put("/v1/namespaces/vm/entries/later" + i, "{\"snapshotId\":\"s\"}").is(200);
        }
        for (int time = 0; time < 2; time++) {
            JsonNode problem = http.post("/v1/plans/" + plan + "/apply")
                    .isProblem(
                            409,
                            "policy-not-set",
                            "plan " + plan
                                    + ": evicted 16 entries and did not set the policy, because more than the "
                                    + "share came meanwhile (expected: the policy set once more, with another Idempotency-Key if they had one)")
                    .tree();
            assertThat(problem.path("planId").asText()).isEqualTo(plan);
            assertThat(problem.path("evicted").asLong()).isEqualTo(16);
        }
        assertThat(http.get("/v1/plans/" + plan).is(200).as(Plans.Plan.class).policySet()).isFalse();
        assertThat(http.get("/v1/namespaces/vm").as(Namespaces.Namespace.class).maxEntries()).isEqualTo(1_000);
        assertThat(keys()).hasSize(34);
    }

    @Test
    void thousandsOfVictimsAreListedPageByPage() throws Exception {
        fill(250);
        Plans.Plan plan = http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":0,\"dryRun\":true}").is(200).as(Plans.Plan.class);
        assertThat(plan.victims()).hasSize(100);
        List<String> keys = new ArrayList<>(Objects.requireNonNull(plan.victims()).stream().map(victim -> victim.key().value()).toList());
        String after = plan.next();
        while (after != null) {
            JsonNode page = http.get("/v1/plans/" + plan.id() + "/victims?limit=70&after=" + after).is(200).tree();
            page.path("items").forEach(victim -> keys.add(victim.path("key").asText()));
            after = page.hasNonNull("next") ? page.path("next").asText() : null;
        }
        assertThat(keys).hasSize(250).doesNotHaveDuplicates().startsWith("k0", "k1").endsWith("k249");
        assertThat(http.get("/v1/plans/" + plan.id() + "/victims?kept=true").tree().path("items")).isEmpty();
    }

    @Test
    void aPlanExpires() throws Exception {
        fill(3);
        Plans.Plan plan = http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":1,\"dryRun\":true}").is(200).as(Plans.Plan.class);
        http.pass(Duration.ofHours(24).plusSeconds(1));
        http.post("/v1/plans/" + plan.id() + "/apply")
                .isProblem(409, "plan-not-applicable", "plan " + plan.id() + ": expired at 2026-11-22T08:00:00Z (expected: a newer plan)");
        assertThat(keys()).hasSize(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                    "{}|prune: no bound (expected: at least one of maxEntries, maxBytes and idleFor; maxEntries 0 for everything that is not pinned)",
                    "{\"keyPrefix\":\"a\"}|prune: keyPrefix alone (expected: at least one of maxEntries, maxBytes and idleFor; maxEntries 0 for everything that is not pinned)",
                    "{\"maxEntries\":-1}|maxEntries: -1 (expected: 0 or more)",
                    "{\"maxBytes\":-1}|maxBytes: -1 (expected: 0 or more)",
                    "{\"maxBytes\":9223372036854775808}|maxBytes: 9223372036854775808 (expected: a whole number of 64 bits)",
                    "{\"idleFor\":\"P1M\"}|idleFor: P1M (expected: a duration such as 10s, 5m or PT10S)",
                    "{\"idleFor\":\"PT0S\"}|idleFor: PT0S (expected: 1 second (PT1S) to 36500 days (P36500D))",
                    "{\"idleFor\":7}|idleFor: 7 (expected: a text)",
                    "{\"maxEntries\":1,\"keyPrefix\":\"\"}|keyPrefix:  (expected: 1 to 1024 bytes of UTF-8, not 0)",
                    "{\"maxEntries\":1,\"dryRun\":\"yes\"}|dryRun: \"yes\" (expected: true or false)"})
    void aPruneThatIsWrongIsRefused(String body, String detail) throws Exception {
        http.post("/v1/namespaces/vm/prune", body).isProblem(400, "invalid-value", detail);
    }

    @Test
    void whatIsUnknownIsNamed() throws Exception {
        String id = "01a1fc01-591f-7b6c-9cdd-0b4e5bb2f6da";
        String detail = "plan: " + id + " (expected: the id of a plan that is still kept)";
        http.get("/v1/plans/" + id).isProblem(404, "unknown-plan", detail);
        http.get("/v1/plans/" + id + "/victims").isProblem(404, "unknown-plan", detail);
        http.post("/v1/plans/" + id + "/apply").isProblem(404, "unknown-plan", detail);
        http.get("/v1/plans/seven").isProblem(400, "invalid-value", "planId: seven (expected: a UUID of 36 characters)");
        http.post("/v1/namespaces/nowhere/prune", "{\"maxEntries\":1}").is(404);
        http.get("/v1/evictions?cause=pruned").is(400);
        http.get("/v1/evictions?plan=seven").is(400);
    }
}
