import { useState } from 'preact/hooks';
import { get, isOperator, segment } from './api';
import { bytes, count, moment } from './format';
import { Age, Ask, Heading, Pages, Shown, State, Table, Text, Tile, to, WaitsFor, type Column } from './parts';
import { usePolled } from './poll';
import type { Host, OpenOrder, Page, Refusal } from './types';

const EVERY = 2000;

function oldest(hosts: Host[]): string | undefined {
  return hosts
    .map((host) => host.oldestOpenOrderAt)
    .filter((at) => at !== undefined)
    .toSorted()[0];
}

const COLUMNS: Column<Host>[] = [
  { name: 'Host', cell: (host) => <a href={to('hosts', host.id)}>{host.id}</a>, by: (host) => host.id },
  { name: 'State', cell: (host) => <State of={host.state} />, by: (host) => host.state },
  { name: 'Attention', cell: (host) => (host.attention ? <Text of={host.attention} /> : '-'), by: (host) => (host.attention ? 0 : 1) },
  { name: 'Heard', cell: (host) => <Age at={host.lastHeardAt} />, by: (host) => -Date.parse(host.lastHeardAt), number: true },
  { name: 'Images', cell: (host) => count(host.replicas), by: (host) => host.replicas, number: true },
  { name: 'Size', cell: (host) => bytes(host.bytes), by: (host) => host.bytes, number: true },
  { name: 'Free', cell: (host) => bytes(host.figures.freeBytes), by: (host) => host.figures.freeBytes, number: true },
  {
    name: 'Free inodes',
    cell: (host) => (host.figures.freeInodes === undefined ? '-' : count(host.figures.freeInodes)),
    by: (host) => host.figures.freeInodes ?? Infinity,
    number: true,
  },
  { name: 'Open orders', cell: (host) => count(host.openOrders), by: (host) => host.openOrders, number: true },
  {
    name: 'Oldest',
    cell: (host) => <Age at={host.oldestOpenOrderAt} />,
    by: (host) => (host.oldestOpenOrderAt ? Date.now() - Date.parse(host.oldestOpenOrderAt) : -1),
    number: true,
  },
];

export function Fleet() {
  const hosts = usePolled((signal) => get<Page<Host>>('/v1/hosts', signal), EVERY);
  const refusals = usePolled((signal) => get<Page<Refusal>>('/v1/refusals', signal), 5000);
  const [wanted, setWanted] = useState('');
  const [state, setState] = useState('');
  return (
    <>
      <Heading title="Fleet">Fleet</Heading>
      <Shown polled={hosts}>
        {({ items }) => {
          const at = oldest(items);
          const away = items.filter((host) => host.state === 'AWAY').length;
          const attention = items.filter((host) => host.attention).length;
          const shown = items.filter((host) => host.id.includes(wanted) && (state === '' || (state === 'ATTENTION' ? host.attention : host.state === state)));
          return (
            <>
              <dl class="tiles">
                <Tile name="Hosts" value={count(items.length)} />
                <Tile name="Away" value={count(away)} bad={away > 0} />
                <Tile name="Attention" value={count(attention)} bad={attention > 0} />
                <Tile name="Images" value={count(items.reduce((sum, host) => sum + host.replicas, 0))} />
                <Tile name="Size" value={bytes(items.reduce((sum, host) => sum + host.bytes, 0))} />
                <Tile name="Open orders" value={count(items.reduce((sum, host) => sum + host.openOrders, 0))} />
                <Tile name="Oldest open order" value={<Age at={at} />} bad={at !== undefined && Date.now() - Date.parse(at) > 60_000} />
              </dl>
              <form class="filter" onSubmit={(event) => event.preventDefault()}>
                <label>
                  Host <input type="search" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
                </label>
                <label>
                  State{' '}
                  <select value={state} onChange={(event) => setState(event.currentTarget.value)}>
                    <option value="">all</option>
                    <option value="ATTENTION">attention</option>
                    {['ACTIVE', 'DRAINING', 'AWAY', 'RETIRED'].map((each) => (
                      <option key={each} value={each}>
                        {each.toLowerCase()}
                      </option>
                    ))}
                  </select>
                </label>
              </form>
              <Table caption="Hosts" rows={shown} columns={COLUMNS} id={(host) => host.id} />
            </>
          );
        }}
      </Shown>
      <Shown polled={refusals}>
        {({ items }) =>
          items.length > 0 && (
            <Table
              caption="Workers that were refused in the last 10 minutes"
              rows={items}
              id={(refusal) => refusal.hostId + refusal.address + refusal.reason}
              columns={[
                { name: 'Host', cell: (refusal) => refusal.hostId },
                { name: 'Address', cell: (refusal) => refusal.address },
                { name: 'Why', cell: (refusal) => <Text of={refusal.detail} /> },
                { name: 'Asked', cell: (refusal) => <Age at={refusal.refusedAt} />, number: true },
              ]}
            />
          )
        }
      </Shown>
    </>
  );
}

export function OneHost({ id }: { id: string }) {
  const path = `/v1/hosts/${segment(id)}`;
  const host = usePolled((signal) => get<Host>(path, signal), EVERY, id);
  return (
    <>
      <Heading title={id}>Host {id}</Heading>
      <Shown polled={host}>
        {(one) => (
          <>
            {one.attention && <p role="alert"><Text of={one.attention} whole /></p>}
            <dl class="tiles">
              <Tile name="State" value={<State of={one.state} />} bad={one.state === 'AWAY'} />
              <Tile name="Heard" value={<Age at={one.lastHeardAt} />} />
              <Tile name="Reconciled" value={<Age at={one.lastReconciledAt} />} />
              <Tile name="Images" value={count(one.replicas)} />
              <Tile name="Size" value={bytes(one.bytes)} />
              <Tile name="Free" value={bytes(one.figures.freeBytes)} />
              {one.figures.freeInodes !== undefined && <Tile name="Free inodes" value={count(one.figures.freeInodes)} />}
              <Tile name="Held" value={count(one.figures.held)} />
              <Tile name="In the trash" value={count(one.figures.trash)} />
              <Tile name="Open orders" value={count(one.openOrders)} />
            </dl>
            <p class="muted">
              Address {one.address}, store {one.storeId}
            </p>
            {one.figures.held > 0 && <p class="muted"><code>spillway holds ls --worker {id}</code> lists what is held, and until when.</p>}
            {one.drain && (
              <p>
                Drains since {moment(one.drain.since)}: {one.drain.drained ? 'nothing but last copies is left' : 'under way'}, with {count(one.drain.lastCopies)} last
                copies of {bytes(one.drain.lastCopyBytes)}
              </p>
            )}
            {isOperator() && (
              <p class="choices">
                {one.drain ? (
                  <Ask label="Cancel drain" method="DELETE" path={`${path}/drain`} question={`Let ${id} take new images again?`} done={() => 'Drain cancelled'} />
                ) : (
                  one.state !== 'RETIRED' && (
                    <Ask label="Drain" method="POST" path={`${path}/drain`} question={`${id} takes nothing new, and what other hosts hold is deleted from it. It goes on serving.`} done={() => 'Drain began'} />
                  )
                )}
                {one.state === 'RETIRED' ? (
                  <Ask label="Readmit" method="POST" path={`${path}/readmit`} question={`Let ${id} join again?`} />
                ) : (
                  <Ask
                    label="Retire"
                    method="DELETE"
                    path={path}
                    word={id}
                    question={`Gives ${id} up. Its ${count(one.replicas)} images are forgotten, and entries without another holder are evicted.`}
                    done={(answer) => {
                      const { rowsAbandoned, entriesLost } = answer as { rowsAbandoned: number; entriesLost: number };
                      return `Retired: ${count(rowsAbandoned)} images forgotten, ${count(entriesLost)} entries lost`;
                    }}
                  />
                )}
              </p>
            )}
          </>
        )}
      </Shown>
      {host.value.data && (
        <Pages<OpenOrder>
          caption="Open orders, oldest first"
          path={`${path}/orders`}
          every={EVERY}
          id={(order) => order.replicaId}
          columns={[
            { name: 'Key', cell: (order) => (order.evictionId ? <a href={to('evictions', order.evictionId)}><Text of={order.key} /></a> : <Text of={order.key} />) },
            { name: 'Namespace', cell: (order) => order.namespace },
            { name: 'Cause', cell: (order) => order.cause.toLowerCase() },
            { name: 'State', cell: (order) => <State of={order.state} /> },
            { name: 'Attempts', cell: (order) => order.attempts, number: true },
            { name: 'Age', cell: (order) => <Age at={order.orderedAt} />, number: true },
            { name: 'Waits for', cell: (order) => <WaitsFor order={order} /> },
          ]}
        />
      )}
    </>
  );
}
