package dev.spillway.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
                .flatMap(field -> undescribed(at + "/" + field.getKey(), field.getValue(), told && !field.getKey().equals("properties"))
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
