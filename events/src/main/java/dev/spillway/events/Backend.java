package dev.spillway.events;

/** What holds a namespace's images on a host. */
public enum Backend {
    /** Directory trees, each with a path of its own. */
    DIRECTORY,
    /** Contents of up to some megabytes, packed into the host's artifact store. */
    ARTIFACT
}
