import { useState } from 'preact/hooks';
import { isOperator } from './api';
import { bytes, count } from './format';
import { Age, Heading, Pages, Text, to, type Column } from './parts';
import type { Change, Eviction, Plan } from './types';

/** The page of what was changed; undefined for the registry as a whole. */
function placeOf(change: Change) {
  if (change.planId) return to('plans', change.planId);
  if (change.hostId) return to('hosts', change.hostId);
  return change.namespace && to('namespaces', change.namespace);
}

function Link({ place, about }: { place: string | undefined; about: string }) {
  return place ? <a href={place}><Text of={about} /></a> : <Text of={about} />;
}

function columns<T extends { actor: string }>(at: (deed: T) => string, what: (deed: T) => string, about: (deed: T) => string, place: (deed: T) => string | undefined): Column<T>[] {
  return [
    { name: 'When', cell: (deed) => <Age at={at(deed)} />, number: true },
    { name: 'Who', cell: (deed) => <Text of={deed.actor} /> },
    { name: 'What', cell: what },
    { name: 'About', cell: (deed) => <Link place={place(deed)} about={about(deed)} /> },
  ];
}

const CHANGES = columns<Change>(
  (change) => change.at,
  (change) => change.action.toLowerCase().replaceAll('_', ' '),
  (change) => [change.key, change.namespace, change.hostId, change.detail].filter(Boolean).join(', '),
  placeOf,
);
const EVICTIONS = columns<Eviction>(
  (eviction) => eviction.evictedAt,
  (eviction) => eviction.cause.toLowerCase(),
  (eviction) => `${eviction.key} of ${eviction.namespace}`,
  (eviction) => to('evictions', eviction.id),
);
const PLANS = columns<Plan>(
  (plan) => plan.createdAt,
  (plan) => `${plan.purpose.kind.toLowerCase()}, ${plan.state.toLowerCase()}`,
  (plan) => `${count(plan.victimCount)} entries, ${bytes(plan.victimBytes)} of ${plan.namespace}`,
  (plan) => to('plans', plan.id),
);

/** Who did what, from the audit trail, the evictions and the plans that the registry keeps. Evictions are apart, because they are many. */
export function Audit() {
  const [kind, setKind] = useState(isOperator() ? 'changes' : 'evictions');
  return (
    <>
      <Heading title="Audit">Audit</Heading>
      <form class="filter" onSubmit={(event) => event.preventDefault()}>
        <label>
          Show{' '}
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            {isOperator() && <option value="changes">changes</option>}
            <option value="evictions">evictions</option>
            <option value="plans">plans</option>
          </select>
        </label>
      </form>
      {kind === 'changes' && (
        <Pages<Change> caption="Who changed policies, pins, plans, hosts and tokens, newest first" path="/v1/audit" every={5000} columns={CHANGES} id={(change) => `${change.at} ${change.action} ${change.key ?? ''}`} />
      )}
      {kind === 'evictions' && <Pages<Eviction> caption="Who evicted what, newest first" path="/v1/evictions" every={5000} columns={EVICTIONS} id={(eviction) => eviction.id} />}
      {kind === 'plans' && <Pages<Plan> caption="Who planned what, newest first" path="/v1/plans" every={5000} columns={PLANS} id={(plan) => plan.id} />}
    </>
  );
}
