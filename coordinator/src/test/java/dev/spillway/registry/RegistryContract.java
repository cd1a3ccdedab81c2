package dev.spillway.registry;

/** The contract of a registry. The test of an implementation is a subclass that supplies registries. */
public abstract class RegistryContract
        implements EntryContract, CapacityContract, ReplicaContract, HostContract, OrderContract, ReconcileContract, IdempotencyContract,
        QueryContract, PinContract, ExpiryContract, PlanContract, DrainContract, OpenOrderContract, JoinRefusalContract, RestoreContract,
        GroupContract, ReadoptContract, ResidencyContract, WriteOnceContract, AuditContract,
        GdsfContract, HeldContract {}
