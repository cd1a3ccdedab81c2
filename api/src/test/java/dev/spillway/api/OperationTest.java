package dev.spillway.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class OperationTest {
    @Test
    void whatIsWrittenIntoATargetIsReadBack() {
        var texts =
                List.of("a", "a/b c", "..", ".", "%", "\u00e9\uD83D\uDC18", "a&b=c", "a+b", "a=b=c", "\u0000", "{key}", "x".repeat(1_024));
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            String key = random.nextInt(4) == 0 ? texts.get(random.nextInt(texts.size()))
                    : random.ints(1 + random.nextInt(20), 1, 0x3000)
                            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                            .toString();
            RequestTarget target = CoordinatorApi.LIST_ENTRIES.at(key).with("limit", round).with("prefix", key);
            int question = target.path().indexOf('?');
            String path = target.path().substring(0, question);
            assertThat(CoordinatorApi.LIST_ENTRIES.form().matcher(path).matches()).as("seed %d: %s", seed, path).isTrue();
            assertThat(CoordinatorApi.LIST_ENTRIES.parameters(path)).as("seed %d", seed).isEqualTo(Map.of("namespace", key));
            assertThat(CoordinatorApi.LIST_ENTRIES.queryValues(target.path().substring(question + 1))).as("seed %d", seed)
                    .isEqualTo(Map.of("limit", Integer.toString(round), "prefix", key));
        }
    }

    @Test
    void severalParametersAndEmptyOnesAreReadByTheirPlaces() {
        assertThat(CoordinatorApi.PIN_ENTRY.parameters("/v1/namespaces/vm/entries/a%2Fpin/pin"))
                .isEqualTo(Map.of("namespace", "vm", "key", "a/pin"));
        assertThat(CoordinatorApi.PUT_ENTRY.parameters("/v1/namespaces//entries/")).isEqualTo(Map.of("namespace", "", "key", ""));
        assertThat(CoordinatorApi.LIST_HOSTS.parameters("/v1/hosts")).isEmpty();
        assertThat(CoordinatorApi.LIST_ENTRIES.queryValues("")).isEmpty();
        assertThat(CoordinatorApi.LIST_ENTRIES.queryValues("&limit&&after=")).isEqualTo(Map.of("limit", "", "after", ""));
    }

    @Test
    void aPathIsExpandedWithEachValueEncodedOnce() {
        assertThat(CoordinatorApi.PUT_ENTRY.path("vm", "a/b c")).isEqualTo("/v1/namespaces/vm/entries/a%2Fb%20c");
        assertThat(CoordinatorApi.PUT_ENTRY.path("vm", "..")).isEqualTo("/v1/namespaces/vm/entries/%2E%2E");
        assertThat(CoordinatorApi.LIST_HOSTS.path()).isEqualTo("/v1/hosts");
    }

    @Test
    void aMissingOrASpareValueIsRefused() {
        assertThatThrownBy(() -> CoordinatorApi.PUT_ENTRY.path("vm")).hasMessageContaining("values: 1");
        assertThatThrownBy(() -> CoordinatorApi.LIST_HOSTS.path("vm")).hasMessageContaining("values: 1");
    }

    @Test
    void aQueryHoldsWhatTheOperationTakes() {
        RequestTarget target = CoordinatorApi.LIST_ENTRIES.at("vm").with("limit", 10).with("after", null).with("prefix", "a&b=c");
        assertThat(target.path()).isEqualTo("/v1/namespaces/vm/entries?limit=10&prefix=a%26b%3Dc");
        assertThatThrownBy(() -> target.with("touch", true)).hasMessageContaining("touch");
    }

    @ParameterizedTest
    @MethodSource("documents")
    void theTableHoldsExactlyTheOperationsThatAreDescribed(String document, List<Operation> operations) throws IOException {
        var listed = new TreeMap<String, Set<String>>();
        Stream.of(operations, CommonApi.all())
                .flatMap(List::stream)
                .forEach(operation -> listed.put(operation.toString(), new TreeSet<>(operation.query())));
        assertThat(listed).hasSize(operations.size() + CommonApi.all().size());
        assertThat(listed).isEqualTo(described(document));
    }

    static Stream<Arguments> documents() {
        return Stream.of(Arguments.of("coordinator", CoordinatorApi.all()), Arguments.of("worker", WorkerApi.all()));
    }

    /** A schema's maxLength counts characters, and the services count bytes. So each one says so, itself or what holds it. */
    @ParameterizedTest
    @MethodSource("documents")
    void theLengthOfATextIsDescribedInBytes(String document, List<Operation> operations) throws IOException {
        assertThat(operations).isNotEmpty();
        assertThat(undescribed("", root(document), false)).isEmpty();
    }

    /** Header values are ASCII, of which a character is a byte. */
    private static List<String> undescribed(String at, JsonNode node, boolean described) {
        boolean told = described || node.path("description").asText().matches("(?s).*(bytes of UTF-8|ASCII).*");
        Stream<String> itself = node.path("maxLength").isNumber() && !told ? Stream.of(at) : Stream.of();
        Stream<String> slips =
                node.properties().stream().filter(field -> field.getValue().isNull()).map(field -> at + ": no value: " + field);
        Stream<String> below = Stream.concat(node.properties().stream(), elements(node))
                .flatMap(
                        field -> undescribed(at + "/" + field.getKey(), field.getValue(), told && !field.getKey().equals("properties"))
                                .stream());
        return Stream.of(itself, slips, below).flatMap(each -> each).toList();
    }

    private static Stream<Map.Entry<String, JsonNode>> elements(JsonNode node) {
        return node.isArray() ? StreamSupport.stream(node.spliterator(), false).map(element -> Map.entry("-", element)) : Stream.of();
    }

    private static JsonNode root(String document) throws IOException {
        try (var text = Operation.class.getResourceAsStream("/dev/spillway/schemas/http/" + document + ".yaml")) {
            return new YAMLMapper().readTree(text);
        }
    }

    private static Map<String, Set<String>> described(String document) throws IOException {
        JsonNode root = root(document);
        var described = new TreeMap<String, Set<String>>();
        root.path("paths").properties().forEach(path -> path.getValue().properties().forEach(verb -> {
            if (!verb.getKey().equals("parameters")) {
                described.put(verb.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey(), query(root, verb.getValue()));
            }
        }));
        return described;
    }

    private static Set<String> query(JsonNode root, JsonNode operation) {
        var names = new TreeSet<String>();
        operation.path("parameters").forEach(parameter -> {
            JsonNode told = parameter.has("$ref") ? root.at(parameter.path("$ref").asText().substring(1)) : parameter;
            if (told.path("in").asText().equals("query")) {
                names.add(told.path("name").asText());
            }
        });
        return names;
    }
}
