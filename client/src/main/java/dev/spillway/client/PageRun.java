package dev.spillway.client;

import dev.spillway.pager.PagerRefusedException;
import dev.spillway.pager.PagerRefusedException.Reason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The pages of one request.
 *
 * @param content bytes of the pages, one after the other
 */
record PageRun(List<Integer> pages, ByteBuffer content) {
    private static final long BYTES_MAX = 64 << 20;
    private static final int PAGES_MAX = 65_536;
    /** Upper bound on ranges, which keeps the request line below 16 KiB: a range has at most 24 characters. */
    private static final int RANGES_MAX = 400;

    PageRun {
        pages = List.copyOf(pages);
    }

    /** Splits pages and their bytes into the smallest number of requests that the worker accepts. */
    static List<PageRun> of(List<Integer> pages, ByteBuffer content, long pageBytes) {
        List<PageRun> runs = new ArrayList<>();
        int first = 0;
        int ranges = 0;
        for (int at = 0; at < pages.size(); at++) {
            int page = pages.get(at);
            if (page < 0) {
                throw new PagerRefusedException(Reason.UNKNOWN, "page %d: is not allocated".formatted(page));
            }
            boolean follows = at > first && pages.get(at - 1) + 1 == page;
            int count = at - first;
            if (count > 0 && (count == PAGES_MAX || (count + 1) * pageBytes > BYTES_MAX || !follows && ranges == RANGES_MAX)) {
                runs.add(of(pages, first, at, content, pageBytes));
                first = at;
                ranges = 1;
            } else if (!follows) {
                ranges++;
            }
        }
        if (first < pages.size()) {
            runs.add(of(pages, first, pages.size(), content, pageBytes));
        }
        return runs;
    }

    private static PageRun of(List<Integer> pages, int from, int to, ByteBuffer content, long pageBytes) {
        int start = content.position() + Math.toIntExact(from * pageBytes);
        return new PageRun(pages.subList(from, to), content.slice(start, Math.toIntExact((to - from) * pageBytes)));
    }

    /** Returns one run per page. */
    static List<PageRun> each(PageRun run, long pageBytes) {
        List<PageRun> each = new ArrayList<>();
        for (int at = 0; at < run.pages().size(); at++) {
            each.add(of(run.pages(), at, at + 1, run.content(), pageBytes));
        }
        return each;
    }

    /** Returns the pages as numbers and ranges, such as {@code 0,4-9}. */
    String named() {
        StringBuilder named = new StringBuilder();
        for (int at = 0; at < pages.size();) {
            int end = at + 1;
            while (end < pages.size() && pages.get(end) == pages.get(end - 1) + 1) {
                end++;
            }
            named.append(named.isEmpty() ? "" : ",").append(pages.get(at));
            if (end - at > 1) {
                named.append('-').append(pages.get(end - 1));
            }
            at = end;
        }
        return named.toString();
    }
}
