package dev.spillway.cli.output;

import dev.spillway.api.body.Hosts;

/** Describes the progress of a drain in words. */
public final class DrainProgress {
    private DrainProgress() {}

    public static String of(Hosts.Host host) {
        Hosts.Drain drain = host.drain();
        if (drain == null) {
            return "not draining";
        }
        if (drain.drained()) {
            return drain.lastCopies() == 0 ? "drained: nothing is left" : "drained: " + lastCopies(drain) + " left";
        }
        long replicas = host.replicas() - drain.lastCopies();
        if (replicas == 0 && host.openOrders() == 0) {
            return "draining: what is left is looked at once more";
        }
        String toGo = "%s to go (%s)".formatted(
                HumanText.count(replicas, "copy", "copies"),
                HumanText.bytes(host.bytes() - drain.lastCopyBytes()));
        return "draining: %s, %s%s".formatted(
                toGo,
                HumanText.count(host.openOrders(), "open order", "open orders"),
                host.openOrders() == 0 ? "" : ", oldest " + HumanText.ago(host.oldestOpenOrderAt()));
    }

    static String lastCopies(Hosts.Drain drain) {
        return "%s (%s)".formatted(HumanText.count(drain.lastCopies(), "last copy", "last copies"), HumanText.bytes(drain.lastCopyBytes()));
    }
}
