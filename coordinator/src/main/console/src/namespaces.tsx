import { useState } from 'preact/hooks';
import { call, get, identity, isOperator, Problem, segment } from './api';
import { Chart } from './chart';
import { EvictionPages } from './evictions';
import { bytes, clock, count, moment, percent, period, typedPeriod, visible } from './format';
import { Age, Ask, Heading, Pages, Shown, Table, Text, Tile, to } from './parts';
import { PlanPages } from './plans';
import { heard, usePolled } from './poll';
import type { Curve, Entry, Namespace, Page, Plan, Usage } from './types';

const EVERY = 2000;

/** Asks for all that the token is for. A token of some namespaces may not ask for the list. */
async function namespaces(signal: AbortSignal): Promise<Namespace[]> {
  const own = identity.value?.namespaces ?? [];
  return own.length
    ? await Promise.all(own.map((name) => get<Namespace>(`/v1/namespaces/${segment(name)}`, signal)))
    : (await get<Page<Namespace>>('/v1/namespaces', signal)).items;
}

function Fill({ value, max, format }: { value: number; max: number | undefined; format: (value: number) => string }) {
  return max === undefined ? (
    <>{format(value)}</>
  ) : (
    <label class="fill">
      <meter max={max} value={value} /> {format(value)} of {format(max)}
    </label>
  );
}

function hitRate({ hits, misses }: { hits: number; misses: number }): number {
  return hits / (hits + misses);
}

export function Namespaces() {
  const found = usePolled(namespaces, EVERY);
  return (
    <>
      <Heading title="Namespaces">Namespaces</Heading>
      <Shown polled={found}>
        {(items) => (
          <Table
            caption="Namespaces"
            rows={items}
            id={(one) => one.name}
            columns={[
              { name: 'Namespace', cell: (one) => <a href={to('namespaces', one.name)}>{one.name}</a>, by: (one) => one.name },
              { name: 'Images', cell: (one) => one.backend.toLowerCase(), by: (one) => one.backend },
              { name: 'Entries', cell: (one) => <Fill value={one.entries - one.pinnedEntries} max={one.maxEntries} format={count} />, by: (one) => one.entries },
              { name: 'Size', cell: (one) => <Fill value={one.bytes - one.pinnedBytes} max={one.maxBytes} format={bytes} />, by: (one) => one.bytes },
              { name: 'Pinned', cell: (one) => count(one.pinnedEntries), by: (one) => one.pinnedEntries, number: true },
              { name: 'Hit rate', cell: (one) => percent(hitRate(one)), by: (one) => hitRate(one) || 0, number: true },
              { name: 'Evicted', cell: (one) => count(evicted(one)), by: evicted, number: true },
            ]}
          />
        )}
      </Shown>
    </>
  );
}

function evicted(namespace: Namespace): number {
  return Object.values(namespace.evictions).reduce((sum, each) => sum + each, 0);
}

/** The hit rate of the last day, from the intervals that coordinators stored. */
function HitRates({ intervals }: { intervals: Usage[] }) {
  if (intervals.length === 0) {
    return <p class="muted">Nobody has read anything for a day.</p>;
  }
  return (
    <Chart
      name="Hit rate over the last day"
      x={{ name: 'From', values: intervals.map((one) => Date.parse(one.beganAt)), format: clock }}
      y={{ name: 'Hit rate', values: intervals.map((one) => (one.hits + one.misses ? hitRate(one) : null)), format: percent }}
      max={1}
    />
  );
}

/** The hit rate at other sizes. The chart ends where more room would hardly help, or at a multiple of the present size. */
function HitRateCurve({ curve, present }: { curve: Curve; present: Namespace }) {
  if (curve.byEntries.length === 0) {
    return <p class="muted">Nothing was read twice, so no other size is known to help.</p>;
  }
  const lines = [
    { name: 'Hit rate by number of entries', of: 'Entries', points: curve.byEntries, now: present.maxEntries ?? present.entries - present.pinnedEntries, format: count },
    { name: 'Hit rate by size', of: 'Size', points: curve.byBytes, now: present.maxBytes ?? present.bytes - present.pinnedBytes, format: bytes },
  ];
  return (
    <>
      {lines.map(({ name, of, points, now, format }) => (
        <Chart
          key={name}
          name={name}
          x={{ name: of, values: [0, ...points.map((point) => point.size)], format }}
          y={{ name: 'Hit rate', values: [0, ...points.map((point) => point.hitRate)], format: percent }}
          max={1}
          mark={now}
          steps
        />
      ))}
      <p class="muted">
        Estimated from {count(curve.accesses)} accesses under {present.evictionPolicy}. The bar is the present size, with a hit rate of {percent(curve.hitRate)}. <code>spillway advise {present.name}</code> tells more.
      </p>
    </>
  );
}

function Prune({ name }: { name: string }) {
  const [said, setSaid] = useState<string | null>(null);
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const body: Record<string, unknown> = { dryRun: true };
    for (const field of ['maxEntries', 'maxBytes']) {
      const text = String(form.get(field));
      if (text) {
        body[field] = Number(text);
      }
    }
    for (const field of ['idleFor', 'keyPrefix']) {
      const text = String(form.get(field));
      if (text) {
        body[field] = field === 'idleFor' ? typedPeriod(text) : text;
      }
    }
    try {
      const plan = await call<Plan>('POST', `/v1/namespaces/${segment(name)}/prune`, body);
      heard();
      location.hash = to('plans', plan.id);
    } catch (failure) {
      heard(failure);
      setSaid(failure instanceof Problem ? failure.message : 'No answer');
    }
  };
  return (
    <details>
      <summary>Plan a prune</summary>
      <form class="filter" onSubmit={(event) => void make(event as unknown as SubmitEvent)}>
        <label>
          Entries to keep <input name="maxEntries" type="number" min="0" />
        </label>
        <label>
          Bytes to keep <input name="maxBytes" type="number" min="0" />
        </label>
        <label>
          Idle for <input name="idleFor" placeholder="7d" size={8} />
        </label>
        <label>
          Keys that begin with <input name="keyPrefix" />
        </label>
        <button type="submit">Make a plan</button>
        {said && <p role="alert">{said}</p>}
      </form>
    </details>
  );
}

export function OneNamespace({ name }: { name: string }) {
  const path = `/v1/namespaces/${segment(name)}`;
  const found = usePolled((signal) => get<Namespace>(path, signal), EVERY, name);
  const usage = usePolled((signal) => get<Page<Usage>>(`${path}/usage`, signal), 5000, name);
  const curve = usePolled((signal) => get<Curve>(`${path}/curve`, signal), 15_000, name);
  return (
    <>
      <Heading title={name}>Namespace {name}</Heading>
      <Shown polled={found}>
        {(one) => (
          <>
            <dl class="tiles">
              <Tile name="Entries" value={<Fill value={one.entries - one.pinnedEntries} max={one.maxEntries} format={count} />} />
              <Tile name="Size" value={<Fill value={one.bytes - one.pinnedBytes} max={one.maxBytes} format={bytes} />} />
              <Tile name="Pinned" value={`${count(one.pinnedEntries)} of ${bytes(one.pinnedBytes)}`} />
              <Tile name="Hit rate" value={percent(hitRate(one))} />
              <Tile name="Hits" value={count(one.hits)} />
              <Tile name="Misses" value={count(one.misses)} />
            </dl>
            <p>
              <a href={to('namespaces', name, 'entries')}>Entries</a>
            </p>
            <Shown polled={usage}>{({ items }) => <HitRates intervals={items} />}</Shown>
            <Shown polled={curve}>{(found) => <HitRateCurve curve={found} present={one} />}</Shown>
            <Table
              caption="Policy"
              rows={policy(one)}
              id={([field]) => field}
              columns={[
                { name: 'Setting', cell: ([field]) => field },
                { name: 'Value', cell: ([, value]) => value },
              ]}
            />
            <Table
              caption="Evictions by cause"
              rows={Object.entries(one.evictions)}
              id={([cause]) => cause}
              columns={[
                { name: 'Cause', cell: ([cause]) => cause.toLowerCase() },
                { name: 'Evictions', cell: ([, number]) => count(number), by: ([, number]) => number, number: true },
              ]}
            />
            {isOperator() && <Prune name={name} />}
            <PlanPages query={`?namespace=${segment(name)}`} every={5000} />
            <EvictionPages caption="Evictions, newest first" query={`?namespace=${segment(name)}`} every={5000} />
          </>
        )}
      </Shown>
    </>
  );
}

function policy(one: Namespace): [string, string][] {
  return [
    ['Images', one.backend.toLowerCase()],
    ['Entries at most', one.maxEntries === undefined ? 'no bound' : count(one.maxEntries)],
    ['Bytes at most', one.maxBytes === undefined ? 'no bound' : `${count(one.maxBytes)} (${bytes(one.maxBytes)})`],
    ['Time to live', one.ttl ? period(one.ttl) : 'no bound'],
    ['Idle at most', one.maxIdle ? period(one.maxIdle) : 'no bound'],
    ['Low watermark', percent(one.lowWatermark)],
    ['Evicted at most without asking', percent(one.maxEvictionShare)],
    ['Least residency', one.minResidency ? period(one.minResidency) : 'none'],
    ['Evicts first', one.evictionPolicy === 'GDSF' ? 'what saves the least time per byte (GDSF)' : 'the least recently used (LRU)'],
    ['Written once', one.writeOnce ? 'yes' : 'no'],
  ];
}

export function Entries({ name }: { name: string }) {
  const [prefix, setPrefix] = useState('');
  return (
    <>
      <Heading title={`Entries of ${name}`}>
        Entries of <a href={to('namespaces', name)}>{name}</a>
      </Heading>
      <form class="filter" onSubmit={(event) => event.preventDefault()}>
        <label>
          Keys that begin with{' '}
          <input
            type="search"
            value={prefix}
            onInput={(event) => setPrefix(event.currentTarget.value)}
          />
        </label>
      </form>
      <Pages<Entry>
        key={prefix}
        caption="The one first that goes first"
        path={`/v1/namespaces/${segment(name)}/entries${prefix && `?prefix=${segment(prefix)}`}`}
        every={5000}
        id={(entry) => entry.key}
        columns={[
          { name: 'Key', cell: (entry) => <a href={to('namespaces', name, 'entries', entry.key)}><Text of={entry.key} /></a> },
          { name: 'Description', cell: (entry) => <Text of={entry.description || '-'} /> },
          { name: 'Labels', cell: (entry) => <Text of={labels(entry) || '-'} /> },
          { name: 'Pinned', cell: (entry) => (entry.pin ? <Text of={entry.pin.reason} /> : '-') },
          { name: 'Size', cell: (entry) => bytes(entry.sizeBytes), number: true },
          { name: 'Generation', cell: (entry) => count(entry.generation), number: true },
          { name: 'Used', cell: (entry) => <Age at={entry.lastAccessedAt} />, number: true },
        ]}
      />
    </>
  );
}

function labels(entry: Entry): string {
  return Object.entries(entry.labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

export function OneEntry({ namespace, name }: { namespace: string; name: string }) {
  const path = `/v1/namespaces/${segment(namespace)}/entries/${segment(name)}`;
  const found = usePolled((signal) => get<Entry>(`${path}?touch=false&count=false`, signal), 3000, path);
  return (
    <>
      <Heading title={name}>Entry</Heading>
      <p>
        <Text of={name} whole /> of <a href={to('namespaces', namespace)}>{namespace}</a>
      </p>
      <Shown polled={found}>
        {(entry) => (
          <>
            <dl class="tiles">
              <Tile name="Size" value={bytes(entry.sizeBytes)} />
              <Tile name="Generation" value={count(entry.generation)} />
              <Tile name="Put" value={<Age at={entry.createdAt} />} />
              <Tile name="Used" value={<Age at={entry.lastAccessedAt} />} />
              <Tile name="Written by" value={entry.writtenBy ?? '-'} />
            </dl>
            <p>
              Snapshot <Text of={entry.snapshotId} whole />
            </p>
            {entry.description && <p><Text of={entry.description} whole /></p>}
            {entry.group && <p>Evicted together with group <Text of={entry.group} whole /></p>}
            {entry.pin && (
              <p>
                Pinned: <Text of={entry.pin.reason} whole /> {entry.pin.until ? `until ${moment(entry.pin.until)}` : ''}
              </p>
            )}
            {Object.keys(entry.labels).length > 0 && <p>Labels: <Text of={labels(entry)} whole /></p>}
            <Table
              caption="Copies on hosts"
              rows={entry.replicas ?? []}
              id={(replica) => replica.replicaId}
              columns={[
                { name: 'Host', cell: (replica) => <a href={to('hosts', replica.hostId)}>{replica.hostId}</a>, by: (replica) => replica.hostId },
                { name: 'Address', cell: (replica) => replica.address },
                { name: 'State', cell: (replica) => replica.state.toLowerCase(), by: (replica) => replica.state },
                { name: 'Since', cell: (replica) => <Age at={replica.registeredAt} />, number: true },
                { name: 'Held until', cell: (replica) => (replica.held ? moment(replica.held.until) : '-'), by: (replica) => replica.held?.until ?? '' },
                { name: 'Holds', cell: (replica) => (replica.held ? count(replica.held.holds) : '-'), by: (replica) => replica.held?.holds ?? 0, number: true },
              ]}
            />
            {entry.replicas?.some((replica) => replica.held) && (
              <p class="muted">A copy in use stays on its host until its last hold ends. <code>spillway holds ls --worker HOST</code> names who holds it.</p>
            )}
            {isOperator() && (
              <p class="choices">
                <Ask
                  label="Evict"
                  method="DELETE"
                  path={`${path}?ifSnapshot=${segment(entry.snapshotId)}`}
                  question="Evicts this entry from the whole fleet: every host deletes its copy."
                  word={name.length > 40 || visible(name) !== name ? 'evict' : name}
                />
                {entry.pin && <Ask label="Unpin" method="DELETE" path={`${path}/pin`} question="Let this entry be evicted again?" />}
              </p>
            )}
          </>
        )}
      </Shown>
    </>
  );
}
