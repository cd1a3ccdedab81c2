import { get, isOperator } from './api';
import { bytes, count } from './format';
import { Age, Heading, Shown, Table, Text, to } from './parts';
import { usePolled } from './poll';
import type { Change, Eviction, Page, Plan } from './types';

interface Deed {
  id: string;
  at: string;
  actor: string;
  what: string;
  about: string;
  place: string | undefined;
}

/** The page of what was changed; undefined for the registry as a whole. */
function placeOf(change: Change) {
  if (change.planId) return to('plans', change.planId);
  if (change.hostId) return to('hosts', change.hostId);
  return change.namespace && to('namespaces', change.namespace);
}

/** Who did what, from the audit trail, the evictions and the plans that the registry keeps. */
export function Audit() {
  const deeds = usePolled(async (signal) => {
    const [changes, evictions, plans] = await Promise.all([
      isOperator() ? get<Page<Change>>('/v1/audit?limit=500', signal) : { items: [] },
      get<Page<Eviction>>('/v1/evictions?limit=500', signal),
      get<Page<Plan>>('/v1/plans?limit=200', signal),
    ]);
    return [
      ...changes.items
        .filter((each) => each.action !== 'MAKE_PLAN')
        .map((each, index): Deed => ({
          id: `${each.at} ${index}`,
          at: each.at,
          actor: each.actor,
          what: each.action.toLowerCase().replaceAll('_', ' '),
          about: [each.key, each.namespace, each.hostId, each.detail].filter(Boolean).join(', '),
          place: placeOf(each),
        })),
      ...evictions.items.map((each): Deed => ({
        id: each.id,
        at: each.evictedAt,
        actor: each.actor,
        what: `evicted: ${each.cause.toLowerCase()}`,
        about: `${each.key} of ${each.namespace}`,
        place: to('evictions', each.id),
      })),
      ...plans.items.map((each): Deed => ({
        id: each.id,
        at: each.createdAt,
        actor: each.actor,
        what: `planned: ${each.purpose.kind.toLowerCase()}, ${each.state.toLowerCase()}`,
        about: `${count(each.victimCount)} entries, ${bytes(each.victimBytes)} of ${each.namespace}`,
        place: to('plans', each.id),
      })),
    ].toSorted((a, b) => (a.at < b.at ? 1 : -1));
  }, 5000);
  return (
    <>
      <Heading title="Audit">Audit</Heading>
      <p class="muted">The last 500 evictions and 200 plans{isOperator() ? ', and the last 500 changes of policies, pins, hosts and tokens' : ''}.</p>
      <Shown polled={deeds}>
        {(rows) => (
          <Table
            caption="Who did what, newest first"
            rows={rows}
            id={(deed) => deed.id}
            columns={[
              { name: 'When', cell: (deed) => <Age at={deed.at} />, number: true },
              { name: 'Who', cell: (deed) => <Text of={deed.actor} />, by: (deed) => deed.actor },
              { name: 'What', cell: (deed) => deed.what, by: (deed) => deed.what },
              { name: 'About', cell: (deed) => (deed.place ? <a href={deed.place}><Text of={deed.about} /></a> : <Text of={deed.about} />) },
            ]}
          />
        )}
      </Shown>
    </>
  );
}
