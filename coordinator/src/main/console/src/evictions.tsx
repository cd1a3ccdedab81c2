import { useState } from 'preact/hooks';
import { get, segment } from './api';
import { bytes, clock, count, moment } from './format';
import { activity, stream } from './live';
import { Age, Heading, Pages, Shown, State, Table, Text, Tile, to, WaitsFor, type Column } from './parts';
import { usePolled } from './poll';
import type { Activity, Eviction, Order } from './types';

function Told({ of: told }: { of: Activity }) {
  switch (told.type) {
    case 'eviction':
      return (
        <>
          <a href={to('evictions', told.evictionId)}>
            <Text of={told.key} />
          </a>{' '}
          of {told.namespace} is evicted: {told.cause.toLowerCase()}, {told.replicas === 1 ? '1 copy' : `${told.replicas} copies`} to delete
        </>
      );
    case 'confirmation':
      return (
        <>
          <a href={to('hosts', told.hostId)}>{told.hostId}</a> says {told.result.toLowerCase()} of{' '}
          {told.evictionId ? (
            <a href={to('evictions', told.evictionId)}>
              <Text of={told.key} />
            </a>
          ) : (
            <Text of={told.key} />
          )}
        </>
      );
    case 'host':
      return (
        <>
          <a href={to('hosts', told.hostId)}>{told.hostId}</a> is {told.state.toLowerCase()}
        </>
      );
    case 'restored':
      return (
        <>
          <Text of={told.actor} /> said that the registry was restored, to epoch {told.epoch}
        </>
      );
    case 'gap':
      return <>Gap: what happened between the lines below and above is no longer kept</>;
  }
}

const LINES = 100;

/** What happens, newest first. */
export function Live() {
  const [paused, setPaused] = useState<Activity[] | null>(null);
  const shown = (paused ?? activity.value).slice(-LINES).toReversed();
  return (
    <section aria-labelledby="live">
      <h2 id="live">
        Live <span class={`state ${stream.value.state}`}>{stream.value.state}</span>
      </h2>
      <button type="button" aria-pressed={paused !== null} onClick={() => setPaused(paused ? null : activity.value)}>
        Pause
      </button>
      <ol class="live">
        {shown.map((told) => (
          <li key={told.id + told.type} class={told.type}>
            <time title={moment(told.at)}>{clock(told.at)}</time> <Told of={told} />
          </li>
        ))}
      </ol>
      {shown.length === 0 && <p class="muted">Nothing yet</p>}
    </section>
  );
}

export function Evictions() {
  const [open, setOpen] = useState(true);
  return (
    <>
      <Heading title="Evictions">Evictions</Heading>
      <form class="filter" onSubmit={(event) => event.preventDefault()}>
        <label>
          <input type="checkbox" checked={open} onChange={(event) => setOpen(event.currentTarget.checked)} /> Open ones alone
        </label>
      </form>
      <EvictionPages key={String(open)} caption={open ? 'Open evictions, newest first' : 'Evictions, newest first'} query={open ? '?state=open' : ''} every={2000} />
      <Live />
    </>
  );
}

const COLUMNS: Column<Eviction>[] = [
  { name: 'Key', cell: (eviction) => <a href={to('evictions', eviction.id)}><Text of={eviction.key} /></a> },
  { name: 'Namespace', cell: (eviction) => <a href={to('namespaces', eviction.namespace)}>{eviction.namespace}</a> },
  { name: 'Cause', cell: (eviction) => eviction.cause.toLowerCase() },
  { name: 'By', cell: (eviction) => <Text of={eviction.actor} /> },
  { name: 'Copies open', cell: (eviction) => `${eviction.orders.filter((order) => !order.closedAt).length} of ${eviction.replicas}`, number: true },
  { name: 'Evicted', cell: (eviction) => <Age at={eviction.evictedAt} />, number: true },
];

/** @property query begins with a question mark, or is empty */
export function EvictionPages({ caption, query, every }: { caption: string; query: string; every: number }) {
  return <Pages<Eviction> caption={caption} path={`/v1/evictions${query}`} every={every} columns={COLUMNS} id={(eviction) => eviction.id} />;
}

/** One eviction, followed until each host has unlinked its copy. */
export function OneEviction({ id }: { id: string }) {
  const found = usePolled((signal) => get<Eviction>(`/v1/evictions/${segment(id)}`, signal), 1000, id);
  return (
    <>
      <Heading title="Eviction">Eviction</Heading>
      <Shown polled={found}>
        {(eviction) => {
          const closed = eviction.orders.filter((order) => order.closedAt).length;
          return (
            <>
              <p>
                <Text of={eviction.key} whole /> of <a href={to('namespaces', eviction.namespace)}>{eviction.namespace}</a>
              </p>
              <dl class="tiles">
                <Tile name="State" value={<State of={eviction.state} />} />
                <Tile name="Cause" value={eviction.cause.toLowerCase()} />
                <Tile name="By" value={<Text of={eviction.actor} />} />
                <Tile name="Evicted" value={<Age at={eviction.evictedAt} />} />
                <Tile name="Size" value={bytes(eviction.sizeBytes)} />
                <Tile name="Generation" value={count(eviction.generation)} />
              </dl>
              <p>
                <label>
                  Copies deleted: <progress max={Math.max(1, eviction.orders.length)} value={eviction.orders.length === 0 ? 1 : closed} /> {closed} of{' '}
                  {eviction.orders.length}
                </label>
              </p>
              <p class="muted">
                Snapshot <Text of={eviction.snapshotId} whole />
                {eviction.planId && (
                  <>
                    , of plan <a href={to('plans', eviction.planId)}>{eviction.planId}</a>
                  </>
                )}
              </p>
              <Table<Order>
                caption="Orders to hosts"
                rows={eviction.orders}
                id={(order) => order.replicaId}
                columns={[
                  { name: 'Host', cell: (order) => <a href={to('hosts', order.hostId)}>{order.hostId}</a>, by: (order) => order.hostId },
                  { name: 'State', cell: (order) => <State of={order.state} />, by: (order) => order.state },
                  { name: 'Attempts', cell: (order) => order.attempts, by: (order) => order.attempts, number: true },
                  { name: 'Closed', cell: (order) => (order.closedAt ? clock(order.closedAt) : '-'), by: (order) => order.closedAt ?? '', number: true },
                  { name: 'Waits for', cell: (order) => <WaitsFor order={order} /> },
                ]}
              />
            </>
          );
        }}
      </Shown>
    </>
  );
}
