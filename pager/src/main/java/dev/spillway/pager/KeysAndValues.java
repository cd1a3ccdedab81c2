package dev.spillway.pager;

/** Places of keys and values within a page. */
public enum KeysAndValues {
    /** All keys of the page, then all values. */
    SEPARATE,
    /** The values of a head and token follow its keys. */
    PACKED,
    /** One latent vector holds both (multi-head latent attention). */
    ONE
}
