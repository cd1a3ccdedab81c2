package dev.spillway.pager;

/** Orders of the dimensions of tokens and heads within a page. Pages of both orders have equal sizes, so a size never tells them apart. */
public enum DimensionOrder {
    /** Tokens, heads, head dimension. */
    NHD,
    /** Heads, tokens, head dimension. */
    HND
}
