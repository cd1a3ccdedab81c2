package dev.spillway.events;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The published contracts of the events: their JSON Schemas and the golden samples of each version. */
final class EventContracts {
    private static final SchemaRegistry SCHEMAS = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    private EventContracts() {}

    /** Returns the violations of a schema, such as {@code order.v1}, by a JSON text; empty if there are none. */
    static List<String> violations(String schema, String json) {
        Schema contract = SCHEMAS.getSchema(text(schema + ".json"), InputFormat.JSON);
        return contract.validate(json, InputFormat.JSON, run -> run.executionConfig(config -> config.formatAssertionsEnabled(true)))
                .stream()
                .map(Object::toString)
                .toList();
    }

    static String sample(String name) {
        return text(name + ".sample.json");
    }

    private static String text(String file) {
        try (@Nullable
        InputStream resource = EventContracts.class.getResourceAsStream("/dev/spillway/schemas/events/" + file)) {
            if (resource == null) {
                throw new IllegalStateException("resource: " + file + " (expected: a file of the module schemas)");
            }
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(file, e);
        }
    }
}
