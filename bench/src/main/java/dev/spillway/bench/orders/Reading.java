package dev.spillway.bench.orders;

/**
 * The orders that one host reads from the topic.
 *
 * @param ownOrders orders for this host
 * @param orders    all orders in its partition
 * @param ownBytes  of the keys, headers and values of its own orders, before compression
 * @param bytes     of all in its partition
 */
record Reading(long ownOrders, long orders, long ownBytes, long bytes) {
    double ordersToOwn() {
        return (double) orders / ownOrders;
    }

    double bytesToOwn() {
        return (double) bytes / ownBytes;
    }
}
