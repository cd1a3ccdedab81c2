package dev.spillway.dev.layering;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.Timer;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

/** Tests that packages and modules use only those that they may know. */
class LayeringTest {
    /** Each module that holds code, and the modules that it may know besides itself. */
    static final Map<String, Set<String>> MAY_KNOW = Map.ofEntries(
            Map.entry("events", Set.of()),
            Map.entry("pager", Set.of("events")),
            Map.entry("api", Set.of("events", "pager")),
            Map.entry("artifacts", Set.of()),
            Map.entry("client", Set.of("events", "pager", "api", "artifacts")),
            Map.entry("cli", Set.of("events", "pager", "api", "client")),
            Map.entry("service", Set.of("events", "api")),
            Map.entry("embedded", Set.of()),
            Map.entry("testservers", Set.of("embedded")),
            Map.entry("registry", Set.of("events")),
            Map.entry("memoryregistry", Set.of("events", "registry")),
            Map.entry("coordinator", Set.of("events", "api", "service", "registry")),
            Map.entry("worker", Set.of("events", "pager", "api", "artifacts", "client", "service")),
            Map.entry("simulation", Set.of("events", "registry", "memoryregistry", "worker")),
            Map.entry(
                    "bench",
                    Set.of("events", "pager", "api", "artifacts", "client", "service", "registry", "coordinator", "worker", "embedded")),
            Map.entry("dev", Set.of("events", "api", "client", "cli", "service", "coordinator", "worker", "embedded", "bench")));

    static final Set<String> MODULES = MAY_KNOW.keySet();

    /** Modules that are services: adapters around a pure core, and an app that wires them. */
    static final List<String> SERVICES = List.of("coordinator", "worker");

    /** Pure cores. That of the coordinator is a module. */
    static final List<String> CORES = List.of("dev.spillway.registry..", "dev.spillway.worker.core..");

    /** Code that a simulation runs: cores, and the registry in memory. */
    static final List<String> SIMULATED = Stream.concat(CORES.stream(), Stream.of("dev.spillway.memoryregistry..")).toList();

    private static final String FILESYSTEM = "dev.spillway.worker.filesystem";
    private static final Set<String> OUTSIDE_OF_FILESYSTEM =
            Set.of("AllowedSources", "SourceDirectory", "SourceLeft", "SourceNotAllowedException", "PosixException");

    private static final JavaClasses SPILLWAY = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.spillway");

    @Test
    void everyModuleIsLookedAtAndNoOtherExists() {
        Set<String> seen = SPILLWAY.stream().map(LayeringTest::moduleOf).collect(Collectors.toSet());
        assertThat(seen).containsExactlyInAnyOrderElementsOf(MODULES);
    }

    @ParameterizedTest
    @FieldSource("MODULES")
    void modulesPointOneWay(String module) {
        Set<String> known = MAY_KNOW.getOrDefault(module, Set.of());
        noClasses().that(belongTo(module))
                .should()
                .dependOnClassesThat(
                        describe(
                                "belong to a module other than " + known,
                                other -> other.getPackageName().startsWith("dev.spillway.")
                                        && !moduleOf(other).equals(module)
                                        && !known.contains(moduleOf(other))))
                .check(SPILLWAY);
    }

    @Test
    void nobodyKnowsWhatIsInsideVertx() {
        noClasses().should().dependOnClassesThat(resideInAnyPackage("io.netty..", "io.vertx..impl..")).check(SPILLWAY);
    }

    @Test
    void onlyTheHttpBaseAndItsHealthChecksKnowVertx() {
        noClasses()
                .that(
                        not(
                                resideInAnyPackage(
                                        "dev.spillway.service.http..",
                                        "dev.spillway.service.monitoring..",
                                        "dev.spillway.bench.http..")))
                .should()
                .dependOnClassesThat(resideInAPackage("io.vertx.."))
                .check(SPILLWAY);
    }

    @Test
    void theHttpBaseNamesNoEndpointOfItsOwn() {
        noClasses().that(resideInAPackage("dev.spillway.service.http.."))
                .should()
                .dependOnClassesThat(resideInAnyPackage("dev.spillway.service.monitoring..", "dev.spillway.service.logging.."))
                .check(SPILLWAY);
    }

    /** All others log through SLF4J. */
    @Test
    void onlyTheLoggingKnowsItsBackend() {
        noClasses().that(not(resideInAPackage("dev.spillway.service.logging..")))
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage("ch.qos.logback..", "org.slf4j.simple..", "org.apache.logging..", "java.util.logging.."))
                .check(SPILLWAY);
    }

    /** All others make spans by the API alone. */
    @Test
    void onlyTheTracingKnowsItsSdk() {
        noClasses().that(not(resideInAPackage("dev.spillway.service.tracing..")))
                .should()
                .dependOnClassesThat(resideInAnyPackage("io.opentelemetry.sdk..", "io.opentelemetry.exporter.."))
                .check(SPILLWAY);
    }

    /** The client library and the command line, which must start fast, do not depend on the libraries of servers. */
    @Test
    void clientsNeedNoServersLibraries() {
        noClasses().that(belongTo("pager").or(belongTo("api")).or(belongTo("artifacts")).or(belongTo("client")).or(belongTo("cli")))
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage(
                                "io.vertx..",
                                "io.netty..",
                                "org.apache.kafka..",
                                "java.sql..",
                                "org.jdbi..",
                                "org.postgresql..",
                                "org.rocksdb..",
                                "io.micrometer..",
                                "io.opentelemetry..",
                                "org.slf4j.."))
                .check(SPILLWAY);
    }

    /** An engine may embed it. */
    @Test
    void thePagerKnowsTheEventsJsonAndAHashAlone() {
        classes().that(belongTo("pager"))
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage(
                                "java..",
                                "org.jspecify..",
                                "com.fasterxml.jackson..",
                                "com.dynatrace.hash4j..",
                                "dev.spillway.events..",
                                "dev.spillway.pager.."))
                .check(SPILLWAY);
    }

    @ParameterizedTest
    @FieldSource("CORES")
    void coreKnowsOnlyItselfAndTheEvents(String core) {
        noClasses().that(resideInAPackage(core))
                .should()
                .dependOnClassesThat(resideInAPackage("dev.spillway..").and(not(resideInAnyPackage(core, "dev.spillway.events.."))))
                .check(SPILLWAY);
    }

    @ParameterizedTest
    @FieldSource("SIMULATED")
    void coreTalksToNobody(String core) {
        noClasses().that(resideInAPackage(core))
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage(
                                "io.vertx..",
                                "io.netty..",
                                "org.apache.kafka..",
                                "java.sql..",
                                "javax.sql..",
                                "org.jdbi..",
                                "org.postgresql..",
                                "com.zaxxer..",
                                "org.flywaydb..",
                                "org.rocksdb..",
                                "io.opentelemetry..",
                                "java.net.http..",
                                "java.nio.channels..")
                                .or(assignableTo(Files.class)))
                .check(SPILLWAY);
    }

    @ParameterizedTest
    @FieldSource("SIMULATED")
    void coreStartsNoThread(String core) {
        noClasses().that(resideInAPackage(core))
                .should()
                .dependOnClassesThat(
                        assignableTo(Thread.class).or(assignableTo(Thread.Builder.class))
                                .or(assignableTo(Timer.class))
                                .or(assignableTo(Executor.class))
                                .or(assignableTo(Executors.class))
                                .or(assignableTo(ThreadFactory.class)))
                .check(SPILLWAY);
    }

    @ParameterizedTest
    @FieldSource("SIMULATED")
    void coreReadsNoClockAndDrawsNoChance(String core) {
        noClasses().that(resideInAPackage(core))
                .should()
                .accessTargetWhere(describe("it reads the clock", access -> readsTheClock(access.getTarget())))
                .orShould()
                .accessTargetWhere(describe("it draws a number that no seed repeats", access -> drawsWithoutSeed(access.getTarget())))
                .check(SPILLWAY);
    }

    @ParameterizedTest
    @FieldSource("SERVICES")
    void onlyTheAppKnowsTheApp(String service) {
        String app = "dev.spillway." + service + ".app..";
        noClasses().that(belongTo(service).and(not(resideInAPackage(app))))
                .should()
                .dependOnClassesThat(resideInAPackage(app))
                .check(SPILLWAY);
    }

    @ParameterizedTest
    @FieldSource("SERVICES")
    void packagesOfAServiceFormNoCycle(String service) {
        slices().matching("dev.spillway." + service + ".(*)..").should().beFreeOfCycles().check(SPILLWAY);
    }

    /** Rows do not know the ports that store them, ports do not know decisions, and decisions do not know who calls the registry. */
    @Test
    void packagesOfTheRegistryPointOneWay() {
        String registry = "dev.spillway.registry";
        List<String> layers = List.of(".model", ".plan", ".trail", ".store", ".decide", "");
        for (int layer = 0; layer < layers.size() - 1; layer++) {
            noClasses().that(resideInAPackage(registry + layers.get(layer)))
                    .should()
                    .dependOnClassesThat(
                            resideInAnyPackage(layers.stream().skip(layer + 1L).map(later -> registry + later).toArray(String[]::new)))
                    .check(SPILLWAY);
        }
    }

    /** Packages that others of the same module build on, and those others. */
    @ParameterizedTest
    @CsvSource({
            "dev.spillway.worker.core.model, dev.spillway.worker.core",
            "dev.spillway.worker.host, dev.spillway.worker.host.(artifact|directory|pager)",
            "dev.spillway.coordinator.postgres.statement, dev.spillway.coordinator.postgres.table",
            "dev.spillway.coordinator.postgres.(statement|table), dev.spillway.coordinator.postgres",
            "dev.spillway.api, dev.spillway.api.body",
            "dev.spillway.events, dev.spillway.events.codec",
            "dev.spillway.cli.output, dev.spillway.cli.(option|client)",
            "dev.spillway.cli.option, dev.spillway.cli.client"})
    void packagesThatWereDividedPointOneWay(String below, String above) {
        noClasses().that(describe("reside in " + below, type -> type.getPackageName().matches(below)))
                .should()
                .dependOnClassesThat(describe("reside in " + above, type -> type.getPackageName().matches(above)))
                .check(SPILLWAY);
    }

    /** The packages of directory trees: each may use those before it, and archives and unlinking not each other. */
    @Test
    void treesKnowNeitherArchivesNorUnlinkingNorTheStore() {
        neverKnow(FILESYSTEM, "tree..", "archive..", "unlink..", "store..");
        neverKnow(FILESYSTEM + ".tree..", "archive..", "unlink..", "store..");
        neverKnow(FILESYSTEM + ".archive..", "unlink..", "store..");
        neverKnow(FILESYSTEM + ".unlink..", "archive..", "store..");
    }

    /** The classes that copy and walk trees are public for their neighbours alone. */
    @Test
    void onlyTheFilesystemKnowsHowTreesAreWalkedAndLinuxIsCalled() {
        noClasses().that(not(resideInAPackage(FILESYSTEM + "..")))
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage(FILESYSTEM + ".posix..", FILESYSTEM + ".tree..").and(
                                not(
                                        describe(
                                                "are asked for sources or name a failure",
                                                type -> OUTSIDE_OF_FILESYSTEM.contains(type.getSimpleName())))))
                .check(SPILLWAY);
    }

    private static void neverKnow(String of, String... others) {
        noClasses().that(resideInAPackage(of))
                .should()
                .dependOnClassesThat(resideInAnyPackage(Stream.of(others).map(other -> FILESYSTEM + "." + other).toArray(String[]::new)))
                .check(SPILLWAY);
    }

    private static boolean readsTheClock(AccessTarget called) {
        JavaClass owner = called.getOwner();
        String name = called.getName();
        return owner.getPackageName().equals("java.time") && name.equals("now")
                || owner.isEquivalentTo(System.class) && (name.equals("currentTimeMillis") || name.equals("nanoTime"))
                || owner.isEquivalentTo(Clock.class) && (name.startsWith("system") || name.startsWith("tick"))
                || owner.isEquivalentTo(InstantSource.class) && name.equals("system")
                || owner.isEquivalentTo(java.util.Date.class) && name.equals("<init>");
    }

    private static boolean drawsWithoutSeed(AccessTarget called) {
        JavaClass owner = called.getOwner();
        String name = called.getName();
        return owner.isEquivalentTo(UUID.class) && name.equals("randomUUID")
                || owner.isEquivalentTo(Math.class) && name.equals("random")
                || owner.isEquivalentTo(ThreadLocalRandom.class)
                || owner.isAssignableTo(SecureRandom.class)
                || called instanceof CodeUnitAccessTarget codeUnit
                        && owner.isEquivalentTo(Random.class)
                        && name.equals("<init>")
                        && codeUnit.getRawParameterTypes().isEmpty();
    }

    private static DescribedPredicate<JavaClass> belongTo(String module) {
        return resideInAPackage("dev.spillway." + module + "..");
    }

    private static String moduleOf(JavaClass type) {
        return Stream.of(type.getPackageName().split("\\.", -1)).skip(2).findFirst().orElse("");
    }
}
