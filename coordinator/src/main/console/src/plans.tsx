import { get, isOperator, segment } from './api';
import { EvictionPages } from './evictions';
import { bytes, count, moment, percent, period } from './format';
import { Age, Ask, Heading, Pages, Shown, State, Table, Text, Tile, to, type Column } from './parts';
import { usePolled } from './poll';
import type { Plan, Victim } from './types';

export function Plans() {
  return (
    <>
      <Heading title="Plans">Plans</Heading>
      <p class="muted">A plan names what would be evicted, before anything is. It is made on a namespace's page, by <code>spillway prune --dry-run</code>, or by a change that would evict much.</p>
      <PlanPages query="" every={3000} />
    </>
  );
}

const COLUMNS: Column<Plan>[] = [
  { name: 'Plan', cell: (plan) => <a href={to('plans', plan.id)}>{plan.id.slice(0, 18)}</a> },
  { name: 'Namespace', cell: (plan) => <a href={to('namespaces', plan.namespace)}>{plan.namespace}</a> },
  { name: 'Kind', cell: (plan) => plan.purpose.kind.toLowerCase() },
  { name: 'State', cell: (plan) => <State of={plan.state} /> },
  { name: 'By', cell: (plan) => <Text of={plan.actor} /> },
  { name: 'Victims', cell: (plan) => count(plan.victimCount), number: true },
  { name: 'Size', cell: (plan) => bytes(plan.victimBytes), number: true },
  { name: 'Made', cell: (plan) => <Age at={plan.createdAt} />, number: true },
];

/** @property query begins with a question mark, or is empty */
export function PlanPages({ query, every }: { query: string; every: number }) {
  return <Pages<Plan> caption="Plans, newest first" path={`/v1/plans${query}`} every={every} columns={COLUMNS} id={(plan) => plan.id} />;
}

/** The bounds that a prune or a change of a policy can name: what they are called, and how their values are shown. */
const BOUNDS: [string, string, (value: never) => string][] = [
  ['maxEntries', 'Entries at most', count],
  ['maxBytes', 'Bytes at most', bytes],
  ['idleFor', 'Not used for', period],
  ['keyPrefix', 'Keys that begin with', String],
  ['ttl', 'Time to live', period],
  ['maxIdle', 'Idle at most', period],
  ['lowWatermark', 'Low watermark', percent],
  ['maxEvictionShare', 'Evicted at most without asking', percent],
  ['backend', 'Images', String],
  ['minResidency', 'Least residency', period],
  ['writeOnce', 'Written once', String],
  ['evictionPolicy', 'Evicts first', String],
];

/** What a plan is for. What a change gives without a value loses its bound. */
function asked({ purpose }: Plan): [string, string][] {
  const bounds = purpose.change ?? purpose;
  return BOUNDS.filter(([name]) => bounds[name] != null || purpose.change?.given.includes(name)).map(([name, words, format]) => [
    words,
    bounds[name] == null ? 'no bound' : format(bounds[name] as never),
  ]);
}

export function OnePlan({ id }: { id: string }) {
  const path = `/v1/plans/${segment(id)}`;
  const found = usePolled((signal) => get<Plan>(path, signal), 1500, id);
  return (
    <>
      <Heading title="Plan">Plan</Heading>
      <Shown polled={found}>
        {(plan) => (
          <>
            <p>
              {plan.purpose.kind === 'PRUNE' ? 'Prune' : 'Change the policy of'} <a href={to('namespaces', plan.namespace)}>{plan.namespace}</a>, asked for by{' '}
              <Text of={plan.actor} />
            </p>
            <Table
              caption="Asked for"
              rows={asked(plan)}
              id={([name]) => name}
              columns={[
                { name: 'Bound', cell: ([name]) => name },
                { name: 'Value', cell: ([, value]) => <Text of={value} whole /> },
              ]}
            />
            <dl class="tiles">
              <Tile name="State" value={<State of={plan.state} />} />
              <Tile name="Victims" value={count(plan.victimCount)} bad={plan.victimCount > plan.allowed} />
              <Tile name="Size" value={bytes(plan.victimBytes)} />
              {plan.hitRateCost !== undefined && <Tile name="Costs of the hit rate" value={`${(100 * plan.hitRateCost).toFixed(1)} points`} />}
              <Tile name="May go without asking" value={count(plan.allowed)} />
              <Tile name="Entries when it was made" value={count(plan.namespaceEntries)} />
              <Tile name="Expires" value={moment(plan.expiresAt)} />
            </dl>
            {plan.applied && (
              <p>
                Evicted {count(plan.applied.evicted)} of {bytes(plan.applied.evictedBytes)}. Kept: {count(plan.applied.gone)} gone before,{' '}
                {count(plan.applied.replaced)} replaced, {count(plan.applied.pinned)} pinned, {count(plan.applied.used)} used since.{' '}
                {plan.applied.remaining > 0 && `${count(plan.applied.remaining)} are still to be looked at.`}
              </p>
            )}
            {isOperator() && (plan.state === 'OPEN' || plan.state === 'APPLYING') && (
              <Ask
                label="Apply"
                method="POST"
                path={`${path}/apply`}
                question={`Evicts up to ${count(plan.victimCount)} entries of ${bytes(plan.victimBytes)} in ${plan.namespace}. What was used or pinned since is kept.`}
              />
            )}
            {plan.applied && <EvictionPages caption="Evictions of this plan, newest first" query={`?plan=${segment(id)}`} every={5000} />}
            <Pages<Victim>
              key={String(!!plan.applied)}
              caption={plan.applied ? 'Victims that were not evicted' : 'Victims, the first one first'}
              path={`${path}/victims${plan.applied ? '?kept=true' : ''}`}
              every={3000}
              id={(victim) => String(victim.number)}
              columns={[
                { name: 'Key', cell: (victim) => <Text of={victim.key} /> },
                { name: 'Reason', cell: (victim) => victim.reason.toLowerCase().replaceAll('_', ' ') },
                { name: 'Outcome', cell: (victim) => victim.outcome?.toLowerCase() ?? '-' },
                { name: 'Size', cell: (victim) => bytes(victim.sizeBytes), number: true },
              ]}
            />
          </>
        )}
      </Shown>
    </>
  );
}
