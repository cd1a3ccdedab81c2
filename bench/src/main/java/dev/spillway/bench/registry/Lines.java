package dev.spillway.bench.registry;

import dev.spillway.bench.measure.Load;
import dev.spillway.bench.measure.Scenario;
import java.util.ArrayList;
import java.util.List;

/**
 * The lines of the table.
 *
 * @param transactions    one transaction per put, by number of connections
 * @param first           the first implementation, by size
 * @param ours            puts through the port, size by size, and for each size by number of callers
 * @param gdsf            puts into a namespace under GDSF
 * @param touchStatements one statement per get that touches, by number of connections
 * @param readStatements  one statement per get that does not
 */
record Lines(
        List<Scenario> transactions,
        List<Scenario> first,
        List<List<Scenario>> ours,
        List<FilledRegistry> stages,
        Scenario gdsf,
        Scenario http,
        List<Scenario> touchStatements,
        Scenario touch,
        List<Scenario> readStatements,
        Scenario read) {
    static final int SOME = 64;
    static final int MANY = 1_024;

    private static final List<Integer> CONNECTIONS = List.of(1, 8, 16);
    private static final List<Integer> CALLERS = List.of(1, SOME, MANY);
    private static final String PUTS = "puts";
    private static final String GETS = "gets";

    static Lines of(
            FilledRegistry plain,
            List<FilledRegistry> stages,
            FilledRegistry gdsf,
            List<FirstImplementation> firstBySize,
            Load overHttp) {
        List<List<Scenario>> ours = new ArrayList<>();
        for (FilledRegistry stage : stages) {
            RegistryPuts puts = RegistryPuts.inProcess(stage);
            ours.add(CALLERS.stream().map(callers -> new Scenario("registry", PUTS, stage.capacity(), callers, puts)).toList());
        }
        FilledRegistry middle = stages.get(1);
        long entries = middle.capacity();
        return new Lines(
                byConnections("one transaction per put", PUTS, plain, new TransactionPerPut(plain)),
                firstBySize.stream().map(first -> new Scenario("first implementation", PUTS, first.capacity(), 1, first)).toList(),
                ours,
                stages,
                new Scenario("registry, GDSF", PUTS, gdsf.capacity(), MANY, RegistryPuts.inProcess(gdsf)),
                new Scenario("registry over HTTP", PUTS, entries, SOME, overHttp),
                byConnections("one statement per get, touching", GETS, plain, StatementPerGet.touching(plain)),
                new Scenario("registry, touching", GETS, entries, MANY, RegistryGets.touching(middle)),
                byConnections("one statement per get, untouched", GETS, plain, StatementPerGet.untouched(plain)),
                new Scenario("registry, untouched", GETS, entries, MANY, RegistryGets.untouched(middle)));
    }

    private static List<Scenario> byConnections(String name, String unit, FilledRegistry plain, Load load) {
        return CONNECTIONS.stream().map(connections -> new Scenario(name, unit, plain.capacity(), connections, load)).toList();
    }

    /** In the order of the table, which is that of measuring. */
    List<Scenario> all() {
        List<Scenario> all = new ArrayList<>(transactions);
        all.addAll(first);
        ours.forEach(all::addAll);
        all.add(gdsf);
        all.add(http);
        all.addAll(touchStatements);
        all.add(touch);
        all.addAll(readStatements);
        all.add(read);
        return all;
    }

    static double best(List<Scenario> of) {
        return of.stream().mapToDouble(Scenario::perSecond).max().orElseThrow();
    }

    Scenario lone(long entries) {
        return at(entries).get(CALLERS.indexOf(1));
    }

    Scenario some(long entries) {
        return at(entries).get(CALLERS.indexOf(SOME));
    }

    Scenario many(long entries) {
        return at(entries).get(CALLERS.indexOf(MANY));
    }

    private List<Scenario> at(long entries) {
        for (int size = 0; size < ours.size(); size++) {
            if (stages.get(size).capacity() == entries) {
                return ours.get(size);
            }
        }
        throw new IllegalArgumentException("entries: " + entries + " (expected: a size that was measured)");
    }
}
