/** What the coordinator answers: see /openapi.yaml. */

export type Role = 'READER' | 'WRITER' | 'OPERATOR' | 'HOST' | 'PEER';

export interface Identity {
  name: string;
  role: Role;
  /** The only ones that it is for; empty for all. */
  namespaces: string[];
}

export interface Page<T> {
  items: T[];
  next?: string;
}

export interface Host {
  id: string;
  storeId: string;
  address: string;
  state: 'ACTIVE' | 'DRAINING' | 'AWAY' | 'RETIRED';
  lastHeardAt: string;
  lastReconciledAt?: string;
  replicas: number;
  bytes: number;
  openOrders: number;
  oldestOpenOrderAt?: string;
  attention?: string;
  drain?: { since: string; lastCopies: number; lastCopyBytes: number; drained: boolean };
  figures: { replicas: number; bytes: number; held: number; trash: number; freeBytes: number; freeInodes?: number };
}

export interface Refusal {
  hostId: string;
  address: string;
  reason: string;
  detail: string;
  refusedAt: string;
}

export interface Namespace {
  name: string;
  maxEntries?: number;
  maxBytes?: number;
  ttl?: string;
  maxIdle?: string;
  lowWatermark: number;
  maxEvictionShare: number;
  backend: string;
  minResidency?: string;
  writeOnce: boolean;
  evictionPolicy: string;
  entries: number;
  bytes: number;
  pinnedEntries: number;
  pinnedBytes: number;
  hits: number;
  misses: number;
  evictions: Record<string, number>;
}

export interface Usage {
  beganAt: string;
  hits: number;
  misses: number;
  entries: number;
  bytes: number;
}

export interface Curve {
  accesses: number;
  hitRate: number;
  byEntries: { size: number; hitRate: number }[];
  byBytes: { size: number; hitRate: number }[];
}

export interface Replica {
  replicaId: string;
  hostId: string;
  address: string;
  state: string;
  registeredAt: string;
  held?: { until: string; holds: number };
}

export interface Entry {
  namespace: string;
  key: string;
  snapshotId: string;
  generation: number;
  sizeBytes: number;
  description: string;
  labels: Record<string, string>;
  createdAt: string;
  lastAccessedAt: string;
  group?: string;
  writtenBy?: string;
  pin?: { reason: string; until?: string; pinnedAt: string };
  replicas?: Replica[];
}

export interface Order {
  replicaId: string;
  hostId: string;
  state: string;
  attempts: number;
  nextAttemptAt?: string;
  lastError?: string;
  deferredUntil?: string;
  closedAt?: string;
  waitsFor?: string;
}

export interface Eviction {
  id: string;
  namespace: string;
  key: string;
  snapshotId: string;
  generation: number;
  sizeBytes: number;
  cause: string;
  replicas: number;
  evictedAt: string;
  actor: string;
  planId?: string;
  state: 'open' | 'closed';
  orders: Order[];
}

export interface OpenOrder {
  replicaId: string;
  namespace: string;
  key: string;
  cause: string;
  state: string;
  attempts: number;
  orderedAt: string;
  evictionId?: string;
  lastError?: string;
  deferredUntil?: string;
  waitsFor?: string;
}

export interface Victim {
  number: number;
  key: string;
  sizeBytes: number;
  reason: string;
  outcome?: string;
}

export interface Change {
  at: string;
  actor: string;
  action: string;
  namespace?: string;
  key?: string;
  hostId?: string;
  planId?: string;
  detail: string;
}

/** What a prune or a change of a policy is asked for, by its names in the API. */
export interface Bounds {
  [name: string]: unknown;
}

export interface Plan {
  id: string;
  namespace: string;
  purpose: Bounds & { kind: 'PRUNE' | 'POLICY'; change?: Bounds & { given: string[] } };
  state: 'MAKING' | 'OPEN' | 'APPLYING' | 'APPLIED';
  actor: string;
  namespaceEntries: number;
  allowed: number;
  victimCount: number;
  victimBytes: number;
  hitRateCost?: number;
  applied?: { evicted: number; evictedBytes: number; gone: number; replaced: number; pinned: number; used: number; remaining: number };
  createdAt: string;
  expiresAt: string;
  appliedAt?: string;
}

/** What happens in the fleet. The id is the place in the stream. */
export type Activity = { id: string } & (
  | { type: 'eviction'; at: string; evictionId: string; namespace: string; key: string; cause: string; replicas: number }
  | { type: 'confirmation'; at: string; evictionId?: string; hostId: string; namespace: string; key: string; result: string }
  | { type: 'host'; at: string; hostId: string; state: string }
  | { type: 'restored'; at: string; epoch: number; actor: string }
  | { type: 'gap'; at: string }
);
