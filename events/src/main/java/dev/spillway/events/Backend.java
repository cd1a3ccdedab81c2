package dev.spillway.events;

/** Kinds of images that a namespace holds. */
public enum Backend {
    /** Directory trees, each with a path of its own. */
    DIRECTORY,
    /** Contents of up to some megabytes, packed into the host's artifact store. */
    ARTIFACT
}
