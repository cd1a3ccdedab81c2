package dev.spillway.coordinator.http;

import dev.spillway.api.body.Namespaces;
import dev.spillway.api.body.Plans;
import dev.spillway.coordinator.curve.SampledAccesses;
import dev.spillway.coordinator.curve.Sampling;
import dev.spillway.events.EntryKey;
import dev.spillway.events.NamespaceName;
import dev.spillway.registry.trail.Access;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class UsageOverHttpTest extends OverHttp {
    private static final NamespaceName NAMESPACE = new NamespaceName("vm");

    UsageOverHttpTest() {
        super(4);
    }

    /** Puts four keys, then reads them in turn: each read needs room for all four. Two further reads need room for one. */
    private void use() throws Exception {
        SampledAccesses.Gathering gathering = new SampledAccesses.Gathering(Sampling.ALL);
        int use = 0;
        for (int read = 0; read < 8; read++) {
            String key = "k" + read % 4;
            if (read < 4) {
                http.put("/v1/namespaces/vm/entries/" + key, "{\"snapshotId\":\"s\",\"sizeBytes\":10}").is(200);
            }
            gathering.take(new Access.Used(NAMESPACE, new EntryKey(key), ++use, 10, 1, read < 4 ? 0 : 1, read < 4));
        }
        gathering.take(new Access.Used(NAMESPACE, new EntryKey("k3"), ++use, 10, 1, 1, false));
        gathering.take(new Access.Used(NAMESPACE, new EntryKey("k3"), ++use, 10, 1, 1, false));
        http.usage.store(Map.of(NAMESPACE, gathering.taken()));
    }

    @Test
    void theCurveHasAPointForEachSizeThatHitsMore() throws Exception {
        use();
        Namespaces.Curve curve = http.get("/v1/namespaces/vm/curve").is(200).as(Namespaces.Curve.class);

        assertThat(curve.byEntries()).containsExactly(new Namespaces.CurvePoint(1, 0.2), new Namespaces.CurvePoint(4, 0.6));
        assertThat(curve.byBytes()).containsExactly(new Namespaces.CurvePoint(10, 0.2), new Namespaces.CurvePoint(40, 0.6));
        assertThat(curve).extracting(
                Namespaces.Curve::accesses,
                Namespaces.Curve::sampledKeys,
                Namespaces.Curve::samplingRate,
                Namespaces.Curve::hitRate).containsExactly(10L, 4, 1.0, 0.6);
    }

    @Test
    void aPlanTellsWhatItCostsUntilItIsApplied() throws Exception {
        use();
        Plans.Plan plan = http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":1,\"dryRun\":true}").is(200).as(Plans.Plan.class);

        assertThat(plan.hitRateCost()).isCloseTo(0.4, within(1e-9));
        assertThat(http.get("/v1/plans/" + plan.id()).is(200).as(Plans.Plan.class).hitRateCost()).isCloseTo(0.4, within(1e-9));
        assertThat(http.get("/v1/plans").is(200).tree().path("items").get(0).has("hitRateCost")).as("in the list").isFalse();
        assertThat(http.post("/v1/plans/" + plan.id() + "/apply").is(200).as(Plans.Plan.class).hitRateCost()).isNull();
    }

    private double cost(Plans.Plan plan) throws Exception {
        return Objects.requireNonNull(http.get("/v1/plans/" + plan.id()).is(200).as(Plans.Plan.class).hitRateCost());
    }

    @Test
    void theCostOfAPlanIsLookedUpAnewAfterSomeSeconds() throws Exception {
        use();
        Plans.Plan plan = http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":1,\"dryRun\":true}").is(200).as(Plans.Plan.class);
        SampledAccesses.Gathering more = new SampledAccesses.Gathering(Sampling.ALL);
        more.take(new Access.Used(NAMESPACE, new EntryKey("k3"), 11, 10, 1, 30, false));
        http.usage.store(Map.of(NAMESPACE, more.taken()));

        http.pass(Duration.ofSeconds(9));
        assertThat(cost(plan)).isCloseTo(0.4, within(1e-9));
        http.pass(Duration.ofSeconds(1));
        assertThat(cost(plan)).isCloseTo(0.1, within(1e-9));
    }

    @Test
    void aPlanIsToldWithoutItsCostWhereThatCannotBeRead() throws Exception {
        use();
        http.usage.loseCurves();
        Plans.Plan plan = http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":1,\"dryRun\":true}").is(200).as(Plans.Plan.class);
        assertThat(plan.hitRateCost()).isNull();
        assertThat(http.get("/v1/plans/" + plan.id()).is(200).as(Plans.Plan.class)).isEqualTo(plan);
        http.get("/v1/namespaces/vm/curve").is(503);
    }

    @Test
    void aPlanOfANamespaceThatNobodyUsedTellsNoCost() throws Exception {
        http.put("/v1/namespaces/vm/entries/a", "{\"snapshotId\":\"s\"}").is(200);
        assertThat(http.post("/v1/namespaces/vm/prune", "{\"maxEntries\":0,\"dryRun\":true}").is(200).tree().has("hitRateCost")).isFalse();
    }

    @Test
    void hitsAndMissesAreToldByInterval() throws Exception {
        use();
        assertThat(http.get("/v1/namespaces/vm/usage?since=" + ServedRegistry.START).is(200).tree().path("items")).singleElement()
                .satisfies(interval -> {
                    assertThat(interval.path("hits").asInt()).isEqualTo(6);
                    assertThat(interval.path("beganAt").asText()).isEqualTo(ServedRegistry.START.toString());
                });
        assertThat(http.get("/v1/namespaces/vm/usage?since=" + ServedRegistry.START.plusSeconds(1)).is(200).tree().path("items"))
                .isEmpty();
        http.get("/v1/namespaces/vm/usage?since=yesterday")
                .isProblem(
                        400,
                        "invalid-value",
                        "since: yesterday (expected: a time such as 2026-12-31T23:59:59Z, at most 9999-12-31T23:59:59Z)");
    }

    @Test
    void anUnknownNamespaceHasNoCurve() throws Exception {
        http.get("/v1/namespaces/nowhere/curve").is(404);
        http.get("/v1/namespaces/nowhere/usage").is(404);
        assertThat(http.get("/v1/namespaces/vm/curve").is(200).as(Namespaces.Curve.class).byEntries()).isEmpty();
    }
}
