package dev.spillway.events;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Text and labels that the owner gives to an image. The text is one line of at most 1,024 bytes. There are at most 32 labels, with names of 1 to 128
 * bytes without {@code =} and values of at most 512 bytes. GDSF reads one of the labels, {@link #REBUILD_SECONDS}.
 */
public record Description(String text, SortedMap<String, String> labels) {
    public static final Description NONE = new Description("", new TreeMap<>());
    /** The label that tells how long it takes to make the image again: a decimal number of seconds. */
    public static final String REBUILD_SECONDS = "rebuild-seconds";

    private static final int TEXT_BYTES_MAX = 1024;
    private static final int LABELS_MAX = 32;
    private static final int LABEL_NAME_BYTES_MAX = 128;
    private static final int LABEL_VALUE_BYTES_MAX = 512;

    public Description {
        TextBounds.bounded("description", text, 0, TEXT_BYTES_MAX);
        if (labels.size() > LABELS_MAX) {
            throw new InvalidValueException("labels", labels.size(), "at most " + LABELS_MAX + " labels");
        }
        for (Map.Entry<String, String> label : labels.entrySet()) {
            TextBounds.bounded("labels", label.getKey(), 1, LABEL_NAME_BYTES_MAX);
            if (label.getKey().indexOf('=') >= 0) {
                throw new InvalidValueException(
                        "labels",
                        label.getKey(),
                        "a name without =, which ends the name where entries are listed by a label");
            }
            TextBounds.bounded("labels." + label.getKey(), label.getValue(), 0, LABEL_VALUE_BYTES_MAX);
        }
        labels = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    }

    public static Description of(String text) {
        return new Description(text, new TreeMap<>());
    }

    /** Returns this description with a label added, unless it has that label, or as many labels as it may have. */
    public Description orLabel(String name, String value) {
        if (labels.containsKey(name) || labels.size() == LABELS_MAX) {
            return this;
        }
        SortedMap<String, String> more = new TreeMap<>(labels);
        more.put(name, value);
        return new Description(text, more);
    }

    /** Returns this description without a label. */
    public Description withoutLabel(String name) {
        if (!labels.containsKey(name)) {
            return this;
        }
        SortedMap<String, String> others = new TreeMap<>(labels);
        others.remove(name);
        return new Description(text, others);
    }
}
