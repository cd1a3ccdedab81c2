package dev.spillway.simulation;

import dev.spillway.events.EvictionId;
import dev.spillway.events.HostId;
import dev.spillway.events.Order;
import dev.spillway.events.ReplicaId;
import dev.spillway.events.protocol.AttachRequest;
import dev.spillway.events.protocol.Attachment;
import dev.spillway.events.protocol.DropAnswer;
import dev.spillway.events.protocol.DropRequest;
import dev.spillway.events.protocol.ReadoptRequest;
import dev.spillway.events.protocol.Readoption;
import dev.spillway.events.protocol.RegisterRequest;
import dev.spillway.events.protocol.Registration;
import dev.spillway.events.protocol.ReplicaOutcome;
import dev.spillway.events.protocol.ReplicaOutcomes;
import dev.spillway.events.protocol.Reply;
import dev.spillway.events.protocol.ResolveRequest;
import dev.spillway.events.protocol.Sender;
import dev.spillway.events.protocol.TouchRequest;
import dev.spillway.events.protocol.WorkerMessage;
import dev.spillway.registry.decide.Command;
import dev.spillway.registry.decide.RegistryRules;
import dev.spillway.registry.model.EntryGroup;
import dev.spillway.registry.model.EntryRow;
import dev.spillway.registry.model.Holding;
import dev.spillway.registry.model.ReplicaRow;
import dev.spillway.registry.store.Rows;
import dev.spillway.worker.core.model.Delivery;
import dev.spillway.worker.core.model.IndexChange;
import dev.spillway.worker.core.model.IndexContents;
import dev.spillway.worker.core.model.Offer;
import dev.spillway.worker.core.model.ReplicaRecord;
import dev.spillway.worker.core.model.ReplicaState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;

/** Classic mistakes of such a protocol. Each is planted at a seam between the cores and the simulated world. */
enum PlantedBugs {
    /** The registry forgets an id when its row is closed. So a late duplicate of the registration makes a new row. */
    A_LATE_COPY_OF_A_REGISTER_REGISTERS_ITS_ID_AGAIN("registered again|no disk has it") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                Rows rows(Rows stored, List<Command<?>> commands) {
                    return new ForwardingRows(stored) {
                        @Override
                        public Set<ReplicaId> record(SortedMap<ReplicaId, Recording> ids) {
                            Set<ReplicaId> unrecorded = new TreeSet<>(ids.keySet());
                            super.record(ids);
                            unrecorded.removeAll(peekReplicas(ids.keySet()).keySet());
                            return unrecorded;
                        }
                    };
                }
            };
        }
    },

    /** An id that an open transaction has inserted counts as recorded at once. The registry does not wait for the end of that transaction. */
    RESOLVE_RACES_A_REGISTER_WHOSE_TRANSACTION_IS_OPEN("which is live|no disk has it|answered as not registered and is") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                boolean locks(List<Command<?>> commands, Locks.Kind kind, Locks.Mode mode) {
                    return kind != Locks.Kind.REPLICA_ID;
                }
            };
        }
    },

    /** The fence reads the host's row without a lock. So a join or a retire may commit between the check and the commit. */
    THE_FENCE_IS_NOT_LOCKED_AGAINST_JOIN_AND_RETIRE("and the host is|has open rows") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                boolean locks(List<Command<?>> commands, Locks.Kind kind, Locks.Mode mode) {
                    return kind != Locks.Kind.HOST || mode != Locks.Mode.KEY_SHARE;
                }
            };
        }
    },

    /** A heartbeat carries only due orders. The publisher always claims those first, so a host that Kafka does not reach never gets them. */
    A_HEARTBEAT_TAKES_ALONG_ONLY_WHAT_IS_DUE("not converged") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                Rows rows(Rows stored, List<Command<?>> commands) {
                    return new ForwardingRows(stored) {
                        @Override
                        public Map<HostId, List<ReplicaRow>> lockOrdersForHeartbeats(SortedMap<HostId, Integer> limits, Instant soon) {
                            return super.lockOrdersForHeartbeats(limits, now());
                        }
                    };
                }
            };
        }
    },

    /** A worker reads FENCED as a refusal of each replica that it asked about, and gives these replicas up. */
    FENCED_IS_READ_AS_REFUSED("answered as refused and was stored|no registry ever told it to") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                Delivery<?> read(WorkerMessage<?> message, Delivery<?> delivery) {
                    if (!(delivery instanceof Delivery.Replied<?>(Reply.Fenced<?> _))) {
                        return delivery;
                    }
                    List<ReplicaId> asked = switch (message) {
                        case RegisterRequest register -> register.items().stream().map(Registration::replicaId).toList();
                        case AttachRequest attach -> attach.items().stream().map(Attachment::replicaId).toList();
                        case ResolveRequest resolve -> resolve.replicaIds();
                        default -> List.of();
                    };
                    return asked.isEmpty() ? delivery
                            : new Delivery.Replied<>(
                                    new Reply.Accepted<>(
                                            new ReplicaOutcomes(
                                                    asked.stream()
                                                            .<ReplicaOutcome>map(
                                                                    id -> new ReplicaOutcome.Refused(
                                                                            id,
                                                                            ReplicaOutcome.Reason.UNKNOWN_NAMESPACE,
                                                                            "fenced"))
                                                            .toList())));
                }
            };
        }
    },

    /** Attach checks the entry's generation without a lock on the entry or its namespace. */
    ATTACH_WITHOUT_THE_LOCK_OF_THE_ENTRY("live rows of generation") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                boolean locks(List<Command<?>> commands, Locks.Kind kind, Locks.Mode mode) {
                    boolean attach = commands.stream()
                            .allMatch(command -> command instanceof Command.FromWorker<?> from && from.message() instanceof AttachRequest);
                    return !attach || (kind != Locks.Kind.ENTRY && kind != Locks.Kind.NAMESPACE);
                }
            };
        }
    },

    /** An order deletes a copy of its key that is not newer, instead of exactly the replica that it names. */
    THE_GENERATION_IS_COMPARED_INSTEAD_OF_THE_REPLICA_ID("answered as evicted and was not|which is live|is behind Order") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                Order obeys(Order order, Collection<ReplicaRecord> replicas) {
                    for (ReplicaRecord replica : replicas) {
                        boolean there = switch (replica.state()) {
                            case PENDING, LIVE, HIDDEN -> true;
                            case DOOMED, TRASH, GONE -> false;
                        };
                        if (there && replica.name().namespace().equals(order.namespace()) && replica.name().key().equals(order.key())
                                && replica.generation() <= order.generation()) {
                            return new Order(
                                    replica.id(),
                                    order.hostId(),
                                    order.storeId(),
                                    order.namespace(),
                                    order.key(),
                                    order.generation(),
                                    order.evictionId(),
                                    order.cause(),
                                    order.attempt(),
                                    order.doomedAt());
                        }
                    }
                    return order;
                }
            };
        }
    },

    /** A worker that starts serves the newest copy that it finds, although it served a newer one before. */
    AN_OLDER_COPY_IS_SERVED_AGAIN_AFTER_A_NEWER_ONE_WENT("serves generation") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                IndexContents loads(IndexContents stored) {
                    List<ReplicaRecord> replicas = new ArrayList<>(stored.replicas());
                    replicas.sort(Comparator.comparingLong(ReplicaRecord::generation));
                    replicas.replaceAll(
                            replica -> replica.state() == ReplicaState.HIDDEN
                                    ? replica.with(copy -> copy.state(ReplicaState.LIVE).bytesFreed(0).imageAwaited(false))
                                    : replica);
                    return new IndexContents(stored.membership(), stored.position(), replicas, stored.holds(), stored.requests());
                }
            };
        }
    },

    /** Holds are kept in memory only. So a restarted worker has none. */
    A_HOLD_IS_NOT_DURABLE("which is held") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                List<IndexChange> stores(List<IndexChange> changes) {
                    return changes.stream().filter(change -> !(change instanceof IndexChange.PutHold)).toList();
                }
            };
        }
    },

    /** Requests with an idempotency key are kept in memory only. So a restarted worker carries them out again. */
    A_REQUEST_IS_NOT_DURABLE("forgot the request") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                IndexContents loads(IndexContents stored) {
                    return new IndexContents(stored.membership(), stored.position(), stored.replicas(), stored.holds(), List.of());
                }
            };
        }
    },

    /** The offset is stored before its order is decided. A crash in between skips the order. */
    THE_OFFSET_IS_MOVED_BEFORE_THE_DECISION("is behind Order") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                boolean movesItsPlaceFirst() {
                    return true;
                }
            };
        }
    },

    /** New facts are searched only above the highest published id, as if ids were committed in order. */
    FACTS_ARE_PUBLISHED_BY_ID_CURSOR("unpublished") {
        @Override
        Product plant() {
            return new Product() {
                private final Set<EvictionId> handedOut = new HashSet<>();
                private EvictionId highest = new EvictionId(new UUID(0, 0));

                @Override
                Rows rows(Rows stored, List<Command<?>> commands) {
                    return new ForwardingRows(stored) {
                        @Override
                        public List<DueFact> lockDueFacts(int limit) {
                            List<DueFact> due = super.lockDueFacts(limit)
                                    .stream()
                                    .filter(fact -> handedOut.contains(fact.fact().id()) || fact.fact().id().compareTo(highest) > 0)
                                    .toList();
                            for (DueFact fact : due) {
                                handedOut.add(fact.fact().id());
                                highest = fact.fact().id().compareTo(highest) > 0 ? fact.fact().id() : highest;
                            }
                            return due;
                        }
                    };
                }
            };
        }
    },

    /** Holders are read by the statement that waits for the namespace's lock. It does not see a holder that registers during the wait. */
    REPLICA_ROWS_ARE_READ_IN_THE_LOCKING_STATEMENT("live rows of generation") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                boolean readsHoldersWithTheLock() {
                    return true;
                }
            };
        }
    },

    /** A worker sends the registration of a put at once, although that of an earlier put to the same key has no answer yet. */
    A_LATE_REGISTER_OVERWRITES_A_NEWER_PUT_OF_THE_SAME_HOST("was registered after it|registered .*, and the host is") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                List<WorkerMessage<?>> sendsBesides(Offer offer, Sender as) {
                    return offer.generation() > 0 ? List.of()
                            : List.of(
                                    new RegisterRequest(
                                            as,
                                            List.of(
                                                    new Registration(
                                                            offer.id(),
                                                            offer.name().namespace(),
                                                            offer.name().key(),
                                                            offer.snapshotId(),
                                                            offer.sizeBytes(),
                                                            offer.description()))));
                }
            };
        }
    },

    /** A draining host is relieved of a copy if any other host has one, draining or not. The entry and its namespace are not locked. */
    TWO_HOSTS_RELIEVE_THE_LAST_TWO_COPIES("nobody holds") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                boolean locks(List<Command<?>> commands, Locks.Kind kind, Locks.Mode mode) {
                    boolean relieve = commands.stream().allMatch(Command.Relieve.class::isInstance);
                    return !relieve || (kind != Locks.Kind.ENTRY && kind != Locks.Kind.NAMESPACE);
                }

                @Override
                Rows rows(Rows stored, List<Command<?>> commands) {
                    return new ForwardingRows(stored) {
                        @Override
                        public Set<Holding> heldElsewhere(Collection<Holding> holdings, HostId than) {
                            Set<Holding> held = new HashSet<>();
                            holdings.stream().filter(holding -> countLiveReplicas(holding) > 1).forEach(held::add);
                            return held;
                        }
                    };
                }
            };
        }
    },

    /** The registry believes the losses that a host reports, however many there are at once. */
    A_MISSING_VOLUME_IS_TAKEN_FOR_AN_EMPTY_HOST("loses \\d+ of \\d+ replicas") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                RegistryRules rules(RegistryRules usual) {
                    return usual.with(new RegistryRules.Breaker(1, Integer.MAX_VALUE));
                }
            };
        }
    },

    /** Replicas that hosts bring back after a restore get new generations. So the last one to arrive gets the highest generation. */
    A_REGISTRATION_AFTER_A_RESTORE_DOOMS_THE_NEWER_COPY("is doomed, and .* is older") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                Command<?> takes(Command<?> command, Rows stored) {
                    if (!(command instanceof Command.FromWorker<?>(ReadoptRequest readopt))) {
                        return command;
                    }
                    List<Readoption> anew = readopt.items()
                            .stream()
                            .map(
                                    item -> new Readoption(
                                            item.replicaId(),
                                            item.formerId(),
                                            item.namespace(),
                                            item.key(),
                                            item.snapshotId(),
                                            stored.namespaces().nextGenerations(1).getFirst(),
                                            item.sizeBytes(),
                                            item.description(),
                                            item.served()))
                            .toList();
                    return new Command.FromWorker<>(new ReadoptRequest(readopt.sender(), anew, readopt.last()));
                }
            };
        }
    },

    /** A copy is attached by its generation alone. A restored registry may have drawn that number again for another image. */
    A_COPY_IS_ATTACHED_BY_ITS_GENERATION_ALONE("but its image is") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                WorkerMessage<?> sends(WorkerMessage<?> message, Collection<ReplicaRecord> replicas) {
                    return message instanceof AttachRequest attach
                            ? new AttachRequest(attach.sender(), attach.items().stream().map(PlantedBugs::byGeneration).toList())
                            : message;
                }
            };
        }
    },

    /** A worker tells a restored registry that it does not serve replicas that only wait for their volume. */
    WHAT_WAITS_FOR_ITS_VOLUME_IS_TOLD_AS_NOT_SERVED("is doomed, and") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                WorkerMessage<?> sends(WorkerMessage<?> message, Collection<ReplicaRecord> replicas) {
                    if (!(message instanceof ReadoptRequest readopt)) {
                        return message;
                    }
                    Set<ReplicaId> served = new HashSet<>();
                    replicas.stream().filter(replica -> replica.state() == ReplicaState.LIVE).forEach(replica -> served.add(replica.id()));
                    return new ReadoptRequest(
                            readopt.sender(),
                            readopt.items()
                                    .stream()
                                    .map(
                                            item -> new Readoption(
                                                    item.replicaId(),
                                                    item.formerId(),
                                                    item.namespace(),
                                                    item.key(),
                                                    item.snapshotId(),
                                                    item.generation(),
                                                    item.sizeBytes(),
                                                    item.description(),
                                                    served.contains(item.formerId())))
                                    .toList(),
                            readopt.last());
                }
            };
        }
    },

    /** A worker counts each replica that it asked to drop as closed, even without a row of it. So it deletes a copy without an order. */
    WHAT_HAS_NO_ROW_IS_TAKEN_FOR_CLOSED("which is live|no registry ever told it to") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                Delivery<?> read(WorkerMessage<?> message, Delivery<?> delivery) {
                    return message instanceof DropRequest drop
                            && delivery instanceof Delivery.Replied<?>(Reply.Accepted<?>(DropAnswer _))
                                    ? new Delivery.Replied<>(
                                            new Reply.Accepted<>(
                                                    new DropAnswer(
                                                            drop.items().stream().map(DropRequest.Drop::replicaId).toList(),
                                                            List.of())))
                                    : delivery;
                }
            };
        }
    },

    /** A worker counts uses as reported once it has sent them, although the message may be lost. */
    USES_ARE_THROWN_AWAY_WHEN_THE_SEND_FAILS("was read on") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                Delivery<?> read(WorkerMessage<?> message, Delivery<?> delivery) {
                    return message instanceof TouchRequest && !(delivery instanceof Delivery.Replied<?>)
                            ? new Delivery.Replied<>(new Reply.Accepted<>(new TouchRequest.Counted()))
                            : delivery;
                }
            };
        }
    },

    /** A restarted worker forgets the times of earlier reads. So reads that were not reported before are lost. */
    A_RESTART_FORGETS_WHEN_IMAGES_WERE_READ("was read on") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                IndexContents loads(IndexContents stored) {
                    List<ReplicaRecord> replicas = stored.replicas()
                            .stream()
                            .map(replica -> replica.withLastAccessedAt(replica.cachedAt()))
                            .toList();
                    return new IndexContents(stored.membership(), stored.position(), replicas, stored.holds(), stored.requests());
                }
            };
        }
    },

    /** The index forgets that a pending image is an artifact. So a worker gives up an image that nobody waits for. */
    AN_ACCEPTED_ARTIFACT_IS_GIVEN_UP("which it accepted") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                IndexContents loads(IndexContents stored) {
                    List<ReplicaRecord> replicas = stored.replicas()
                            .stream()
                            .map(replica -> replica.state() == ReplicaState.PENDING ? replica.withArtifact(null) : replica)
                            .toList();
                    return new IndexContents(stored.membership(), stored.position(), replicas, stored.holds(), stored.requests());
                }
            };
        }
    },

    /** Another store joins under a known host id, although rows of the former store are open. */
    A_NEW_STORE_IS_TAKEN_FOR_THE_OLD_ONE("rows of it are open") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                Rows rows(Rows stored, List<Command<?>> commands) {
                    return new ForwardingRows(stored) {
                        @Override
                        public long countReplicas(HostId host) {
                            return 0;
                        }
                    };
                }
            };
        }
    },

    /** Only two entries of a group are read. So its eviction leaves the others. */
    A_GROUP_IS_READ_IN_PART("of its group|led by another than") {
        @Override
        Product plant() {
            return new Product() {
                @Override
                Rows rows(Rows stored, List<Command<?>> commands) {
                    return new ForwardingRows(stored) {
                        @Override
                        public List<EntryRow> lockGroups(SortedSet<EntryGroup> groups) {
                            return super.lockGroups(groups).stream().limit(2).toList();
                        }
                    };
                }
            };
        }
    };

    private final String breaks;

    PlantedBugs(String breaks) {
        this.breaks = breaks;
    }

    private static Attachment byGeneration(Attachment item) {
        return new Attachment(item.replicaId(), item.namespace(), item.key(), item.generation(), item.sizeBytes(), null);
    }

    /** Returns the product with this bug, for one run. */
    abstract Product plant();

    /** Returns the pattern of the violation that this bug causes. A violation that does not match has another cause. */
    String breaks() {
        return breaks;
    }
}
