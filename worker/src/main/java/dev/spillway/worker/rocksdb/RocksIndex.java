package dev.spillway.worker.rocksdb;

import dev.spillway.events.StoreId;
import dev.spillway.worker.core.model.Hold;
import dev.spillway.worker.core.model.HostIndex;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.KeptRequest;
import dev.spillway.worker.core.model.Membership;
import dev.spillway.worker.core.model.OrderPosition;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.rocksdb.IndexCodec.Kind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Status;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * A host's index in a RocksDB of its own, bound to one store. Each batch is synced. A crash can damage the last batch only, which was not
 * acknowledged yet. Any other damage is an error. Not thread-safe.
 */
public final class RocksIndex implements HostIndex, AutoCloseable {
    private static final List<Kind> KINDS = List.of(Kind.values());
    private static final String FRESH_SUFFIX = ".new";
    private static final String NATIVE = "native";

    private final Path directory;
    private final Options options;
    private final WriteOptions synced;
    private final RocksDB db;
    private final IndexCodec codec = new IndexCodec();
    private final ReplicaCodec replicaCodec = new ReplicaCodec(codec);
    private boolean failed;
    private boolean closed;

    /** Binds an index to its store. */
    private record Owner(StoreId storeId) {}

    private RocksIndex(Path directory, Options options, RocksDB db) {
        this.directory = directory;
        this.options = options;
        this.db = db;
        this.synced = new WriteOptions().setSync(true);
    }

    /**
     * Opens the index of a store.
     *
     * @param isNewStore whether the store holds nothing yet, so that a missing index may be made
     * @throws IndexDamagedException if it is missing, of another store or not to be opened
     */
    public static RocksIndex open(Path directory, StoreId store, boolean isNewStore) throws IOException {
        Path parent = directory.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IllegalArgumentException("index: " + directory + " (expected: not the root of the file system)");
        }
        NativeLibrary.load(parent.resolve(NATIVE));
        Path fresh = parent.resolve(directory.getFileName() + FRESH_SUFFIX);
        deleteTree(fresh);
        if (!Files.exists(directory)) {
            if (!isNewStore) {
                throw new IndexDamagedException(
                        "index: %s is not there although the store holds images (expected: the index, from a backup of the same moment; or move the images away to begin anew)"
                                .formatted(directory),
                        null);
            }
            make(fresh, store);
            Files.move(fresh, directory, StandardCopyOption.ATOMIC_MOVE);
            try (FileChannel folder = FileChannel.open(parent, StandardOpenOption.READ)) {
                folder.force(true);
            }
        }
        RocksIndex index = open(directory, false);
        try {
            index.requireOwner(store);
            return index;
        } catch (IOException | RuntimeException e) {
            index.close();
            throw e;
        }
    }

    /** Creates an index under another name and renames it when complete, so that no index without an owner is ever found. */
    private static void make(Path fresh, StoreId store) throws IOException {
        try (RocksIndex index = open(fresh, true)) {
            index.db.put(index.synced, IndexCodec.key(Kind.STORE), index.codec.write(new Owner(store)));
        } catch (RocksDBException e) {
            throw new IOException("index: %s: %s".formatted(fresh, e.getMessage()), e);
        }
    }

    private static RocksIndex open(Path directory, boolean create) throws IOException {
        Options options = new Options().setCreateIfMissing(create)
                .setErrorIfExists(create)
                .setParanoidChecks(true)
                // A crash may leave a partial batch at the end of the log. Damage anywhere else must be an error, not a silent end of the log.
                .setWalRecoveryMode(WALRecoveryMode.TolerateCorruptedTailRecords)
                .setWriteBufferSize(8 << 20)
                .setMaxTotalWalSize(32 << 20)
                .setMaxBackgroundJobs(2)
                .setMaxOpenFiles(64)
                .setStatsDumpPeriodSec(0)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                .setMaxLogFileSize(1 << 20)
                .setKeepLogFileNum(2);
        try {
            return new RocksIndex(directory, options, RocksDB.open(options, directory.toString()));
        } catch (RocksDBException e) {
            options.close();
            throw notOpened(directory, e);
        }
    }

    /** Returns the exception for an index that was not opened. If the disk is full, it does not call the index damaged. */
    static IOException notOpened(Path directory, RocksDBException e) {
        Status status = e.getStatus();
        boolean full = (status != null && status.getSubCode() == Status.SubCode.NoSpace)
                || String.valueOf(e.getMessage()).contains("No space left on device");
        return full
                ? new IOException(
                        "index: %s cannot be opened: %s (expected: free space on its disk)".formatted(directory, e.getMessage()),
                        e)
                : new IndexDamagedException(
                        "index: %s cannot be opened: %s (expected: an index that this host wrote)".formatted(directory, e.getMessage()),
                        e);
    }

    private void requireOwner(StoreId store) throws IOException {
        byte @Nullable [] value;
        try {
            value = db.get(IndexCodec.key(Kind.STORE));
        } catch (RocksDBException e) {
            throw unreadable(e);
        }
        if (value == null) {
            throw new IndexDamagedException("index: %s names no store (expected: %s)".formatted(directory, store), null);
        }
        StoreId owner = codec.read(() -> "index: " + directory, value, Owner.class).storeId();
        if (!owner.equals(store)) {
            throw new IndexDamagedException("index: %s is of store %s (expected: of %s)".formatted(directory, owner, store), null);
        }
    }

    @Override
    public IndexContents load() throws IOException {
        Membership membership = Membership.NONE;
        OrderPosition position = null;
        List<ReplicaRecord> replicas = new ArrayList<>();
        List<Hold> holds = new ArrayList<>();
        List<KeptRequest> requests = new ArrayList<>();
        try (RocksIterator at = db.newIterator()) {
            for (at.seekToFirst(); at.isValid(); at.next()) {
                byte[] key = at.key();
                byte[] value = at.value();
                IndexCodec.RecordName what = () -> "index: " + directory + ", record " + HexFormat.of().formatHex(key);
                switch (kind(what, key)) {
                    case STORE -> {}
                    case HOLD -> holds.add(codec.read(what, value, Hold.class));
                    case MEMBERSHIP -> membership = codec.read(what, value, Membership.class);
                    case POSITION -> position = codec.read(what, value, OrderPosition.class);
                    case REQUEST -> requests.add(codec.read(what, value, KeptRequest.class));
                    case REPLICA -> replicas.add(replicaCodec.read(what, key, value));
                }
            }
            // An iterator that meets damage ends like one that is complete.
            at.status();
        } catch (RocksDBException e) {
            throw unreadable(e);
        }
        return new IndexContents(membership, position, replicas, holds, requests);
    }

    private static Kind kind(IndexCodec.RecordName what, byte[] key) throws IndexDamagedException {
        for (Kind kind : KINDS) {
            if (key.length > 0 && key[0] == kind.prefix()) {
                return kind;
            }
        }
        throw new IndexDamagedException(
                what.get() + ": unknown kind (expected: one that this version knows; a newer worker wrote it, start that one again)",
                null);
    }

    @Override
    public void apply(List<IndexChange> changes) throws IOException {
        if (failed || closed) {
            throw new IOException("index: %s: %s".formatted(directory, closed ? "is closed" : "an earlier change failed"));
        }
        try (WriteBatch batch = new WriteBatch()) {
            for (IndexChange change : changes) {
                add(change, batch);
            }
            db.write(synced, batch);
        } catch (RocksDBException e) {
            failed = true;
            throw new IOException("index: %s cannot be written: %s".formatted(directory, e.getMessage()), e);
        }
    }

    private void add(IndexChange change, WriteBatch batch) throws RocksDBException {
        switch (change) {
            case IndexChange.PutReplica(var replica) -> batch.put(
                    IndexCodec.key(Kind.REPLICA, replica.id().value()),
                    replicaCodec.write(replica));
            case IndexChange.RemoveReplica(var id) -> batch.delete(IndexCodec.key(Kind.REPLICA, id.value()));
            case IndexChange.PutHold(var hold) -> batch.put(IndexCodec.key(Kind.HOLD, hold.id()), codec.write(hold));
            case IndexChange.RemoveHold(var id) -> batch.delete(IndexCodec.key(Kind.HOLD, id));
            case IndexChange.PutMembership(var membership) -> batch.put(IndexCodec.key(Kind.MEMBERSHIP), codec.write(membership));
            case IndexChange.PutPosition(var position) -> batch.put(IndexCodec.key(Kind.POSITION), codec.write(position));
            case IndexChange.PutRequest(var request) -> batch.put(IndexCodec.key(Kind.REQUEST, request.key()), codec.write(request));
            case IndexChange.RemoveRequest(var key) -> batch.delete(IndexCodec.key(Kind.REQUEST, key));
        }
    }

    private IndexDamagedException unreadable(RocksDBException e) {
        return new IndexDamagedException("index: %s cannot be read: %s".formatted(directory, e.getMessage()), e);
    }

    private static void deleteTree(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> tree = Files.walk(directory)) {
                for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    /** Closes the index. Everything applied is on the disk already. Closing a second time does nothing. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            db.close();
            synced.close();
            options.close();
        }
    }
}
