package dev.spillway.pager;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The paged KV cache of one engine. Pages are addressed by physical index; sequences own pages and may share them. Thread-safe. Every method may throw a
 * {@link PagerRefusedException}, and changes nothing then; after {@link #close} each throws one of {@link PagerRefusedException.Reason#CLOSED}.
 */
public interface CachePager extends AutoCloseable {
    PagerMeta meta();

    /** Waits for writes under way and lets no new one begin until {@link #resume}. */
    void pause() throws InterruptedException;

    /** Ends a pause. Does nothing where there is none. */
    void resume();

    /**
     * Takes the pager from an engine that has ended without letting go of it, so that captures wait for it no more. Does nothing where there is none.
     * Make sure that its process has ended: one that runs but takes no pause within 5 s can still write, and nothing stops it.
     *
     * @throws PagerRefusedException if the engine takes a pause, so that it has not ended
     */
    void detachEngine() throws InterruptedException;

    /** Returns the pages that are allocated, ascending. */
    List<Integer> occupiedPages();

    /** Returns the sequences, sorted by id. */
    List<LogicalSequence> sequences();

    /** Takes free pages, all or none. They belong to no sequence yet, and their content is what the last owner left. */
    List<Integer> allocatePages(int count);

    /** Gives allocated pages back that no sequence has. */
    void freePages(List<Integer> pages);

    /**
     * Reads one page.
     *
     * @param into takes exactly the bytes of a page
     * @throws PagerRefusedException also when the content is not what {@link #writePage} wrote
     */
    void readPage(int page, ByteBuffer into);

    /**
     * Writes one allocated page that at most one sequence has.
     *
     * @param content exactly the bytes of a page
     */
    void writePage(int page, ByteBuffer content) throws InterruptedException;

    /**
     * Installs sequences, all or none, each in place of one of the same id. Pages that no sequence has any more are freed. A new sequence gets a slot of
     * each pool of state, filled with zeros.
     */
    void installSequences(List<LogicalSequence> sequences) throws InterruptedException;

    /** Removes a sequence, and frees the pages that no other has. */
    void removeSequence(String id);

    /** Makes a sequence of the same content. Both share all pages; states are copied. */
    LogicalSequence fork(String id, String newId) throws InterruptedException;

    /** Returns the page at a position after making sure that no other sequence has it: a shared one is copied into a free page first. */
    int ownPage(String id, int position) throws InterruptedException;

    /** Reads a sequence's state of one pool. */
    void readState(String id, String pool, ByteBuffer into);

    /** Writes a sequence's state of one pool. */
    void writeState(String id, String pool, ByteBuffer content) throws InterruptedException;

    /** Frees the memory. Closing a second time does nothing. */
    @Override
    void close();
}
