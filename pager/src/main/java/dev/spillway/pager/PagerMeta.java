package dev.spillway.pager;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.spillway.events.ContentDigest;
import dev.spillway.events.InvalidValueException;
import dev.spillway.events.codec.Json;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/**
 * The kind of a pager's content. A snapshot is restored only into a pager of equal meta.
 *
 * @param model  fingerprint of the model, which covers its weights and everything else that changes what a key or a value is: adapters, quantisation,
 *               position encoding. The owner of the model decides how to compute it; the pager only compares it
 * @param states pools of state beside the pages, sorted by name
 */
public record PagerMeta(ContentDigest model, PageShape page, List<StatePool> states) {
    private static final ObjectMapper JSON = Json.strict();
    private static final int STATES_MAX = 16;

    public PagerMeta {
        if (model.value().chars().allMatch(digit -> digit == '0')) {
            throw new InvalidValueException("model", model, "a fingerprint of the weights; all zeros means unknown, which equals nothing");
        }
        states = states.stream().sorted(Comparator.comparing(StatePool::name)).toList();
        if (states.size() > STATES_MAX || states.stream().map(StatePool::name).distinct().count() < states.size()) {
            throw new InvalidValueException(
                    "states",
                    states.stream().map(StatePool::name).toList(),
                    "at most " + STATES_MAX + " pools of different names");
        }
    }

    /** Returns the SHA-256 of the shapes of pages and states, without the model. */
    @JsonIgnore
    public ContentDigest layout() {
        try {
            return Sha256.of(JSON.writeValueAsBytes(new Layout(page, states)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private record Layout(PageShape page, List<StatePool> states) {}

    /** Describes the content for engines that map the file, as safetensors does: type, shape and offset of each tensor. */
    byte[] describe(PageFileLayout places) {
        try {
            return JSON.writeValueAsString(
                    new Descriptor(
                            model,
                            layout(),
                            page,
                            new Tensor(page.elements(), with(places.pages(), page.dimensions()), places.dataOffset()),
                            states.stream().map(state -> {
                                SlotRegion region = places.region(state.name());
                                return new State(
                                        state.name(),
                                        new Tensor(state.elements(), with(region.count(), state.dimensions()), region.offset()),
                                        region.firstSlot());
                            }).toList()))
                    .getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Long> with(long count, List<Long> dimensions) {
        return java.util.stream.Stream.concat(java.util.stream.Stream.of(count), dimensions.stream()).toList();
    }

    private record Descriptor(ContentDigest model, ContentDigest layout, PageShape page, Tensor pages, List<State> states) {}

    private record Tensor(ElementType dtype, List<Long> shape, long offset) {}

    private record State(String name, Tensor slots, int firstSlot) {}
}
