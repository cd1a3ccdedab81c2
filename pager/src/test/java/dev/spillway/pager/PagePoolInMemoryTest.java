package dev.spillway.pager;

final class PagePoolInMemoryTest extends CachePagerContract {
    @Override
    protected CachePager create(PagerMeta meta, int pages) {
        return PagePool.inMemory(meta, Metas.size(pages));
    }
}
