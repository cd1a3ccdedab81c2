package dev.spillway.coordinator.curve;

import java.util.ArrayList;
import java.util.List;

/**
 * The hit rate of a namespace as a function of its size, under its policy of eviction.
 *
 * @param accesses     weighted number of accesses behind the curve; older ones weigh less
 * @param sampledKeys  number of keys in the sample
 * @param samplingRate share of all keys that is sampled, above 0 and at most 1
 * @param byEntries    hit rate as a function of the number of entries
 * @param byBytes      hit rate as a function of the bytes of the entries
 */
public record HitRateCurve(double accesses, int sampledKeys, double samplingRate, Line byEntries, Line byBytes) {
    /** A hit rate from 0 to 1 at a size. */
    public record Point(double size, double hitRate) {}

    /** @param points sizes and hit rates, both rising. Between two points the rate is that of the smaller one. */
    public record Line(List<Point> points) {
        public Line {
            points = List.copyOf(points);
        }

        /** Returns the hit rate at a size, 0 for one below all points. */
        public double at(long size) {
            int low = 0;
            int high = points.size();
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (points.get(middle).size() <= size) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low == 0 ? 0 : points.get(low - 1).hitRate();
        }

        /**
         * Returns a subset of the points in which neighbours differ by at least {@code step} in their hit rates. The last point is always included.
         */
        public List<Point> thinned(double step) {
            List<Point> kept = new ArrayList<>();
            for (Point point : points) {
                boolean isLast = point.equals(points.getLast());
                if (kept.isEmpty() || isLast || point.hitRate() - kept.getLast().hitRate() >= step) {
                    kept.add(point);
                }
            }
            return kept;
        }
    }
}
