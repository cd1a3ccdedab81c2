package dev.spillway.coordinator.core;

/** Everything that a registry must do. A registry's test is a subclass that says where to get one. */
public abstract class RegistryContract
        implements EntryContract, CapacityContract, ReplicaContract, HostContract, OrderContract, ReconcileContract, IdempotencyContract,
        QueryContract, PinContract, ExpiryContract, PlanContract, DrainContract, OpenOrderContract, JoinRefusalContract, RestoreContract,
        GroupContract, ReadoptContract, ResidencyContract, WriteOnceContract, AuditContract,
        GdsfContract, HeldContract {}
