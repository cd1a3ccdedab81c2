package dev.spillway.service.logging;

/** Format of the lines of the log. */
public enum LogFormat {
    /** For people: one line for each event; further lines of the same event are indented. */
    TEXT,
    /** For programs: one JSON object on one line for each event. */
    JSON
}
