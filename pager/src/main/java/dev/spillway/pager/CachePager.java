package dev.spillway.pager;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The paged KV cache of one engine. Pages are addressed by physical index; sequences have pages and may share them. Thread-safe. Every method may
 * throw a {@link PagerRefusedException}, and then changes nothing. After {@link #close}, the reason is {@link PagerRefusedException.Reason#CLOSED}.
 */
public interface CachePager extends AutoCloseable {
    PagerMeta meta();

    /** Waits for writes under way, and delays new ones until {@link #resume}. */
    void pause() throws InterruptedException;

    /** Ends a pause. Does nothing if there is none. */
    void resume();

    /**
     * Takes the pager from an engine that has ended without storing 0 in {@code ENGINE}, so that captures do not wait for it any more. Does nothing
     * if there is no engine. Make sure that its process has ended: an engine that runs but takes no pause within 5 s can still write, and nothing
     * stops it.
     *
     * @throws PagerRefusedException if the engine takes a pause, so that it has not ended
     */
    void detachEngine() throws InterruptedException;

    /** Returns the pages that are allocated, ascending. */
    List<Integer> occupiedPages();

    /** Returns the sequences, sorted by id. */
    List<LogicalSequence> sequences();

    /** Allocates free pages, all or none. They belong to no sequence yet, and keep the content of their last owner. */
    List<Integer> allocatePages(int count);

    /** Frees allocated pages that no sequence has. */
    void freePages(List<Integer> pages);

    /**
     * Reads one page.
     *
     * @param into buffer with room for exactly one page
     * @throws PagerRefusedException also when the content differs from the last {@link #writePage}
     */
    void readPage(int page, ByteBuffer into);

    /**
     * Writes one allocated page that at most one sequence has.
     *
     * @param content exactly the bytes of a page
     */
    void writePage(int page, ByteBuffer content) throws InterruptedException;

    /**
     * Installs sequences, all or none, each in place of any sequence with its id. Pages that no sequence has any more are freed. A new sequence gets
     * a slot of each state pool, filled with zeros.
     */
    void installSequences(List<LogicalSequence> sequences) throws InterruptedException;

    /** Removes a sequence, and frees the pages that no other has. */
    void removeSequence(String id);

    /** Copies a sequence under a new id. Both share all pages; states are copied. */
    LogicalSequence fork(String id, String newId) throws InterruptedException;

    /** Makes the page at a position the sequence's own, and returns it: a shared page is copied into a free one. */
    int ownPage(String id, int position) throws InterruptedException;

    /** Reads a sequence's state of one pool. */
    void readState(String id, String pool, ByteBuffer into);

    /** Writes a sequence's state of one pool. */
    void writeState(String id, String pool, ByteBuffer content) throws InterruptedException;

    /** Frees the memory. Closing a second time does nothing. */
    @Override
    void close();
}
