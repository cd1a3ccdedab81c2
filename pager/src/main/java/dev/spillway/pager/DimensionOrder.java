package dev.spillway.pager;

/** Orders of the dimensions of tokens and heads within a page. Pages of both orders have equal sizes, so the size does not tell the order. */
public enum DimensionOrder {
    /** Tokens, heads, head dimension. */
    NHD,
    /** Heads, tokens, head dimension. */
    HND
}
