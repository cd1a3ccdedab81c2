import { signal } from '@preact/signals';
import { token } from './api';
import type { FromTab, ToTab } from './stream';
import type { Activity } from './types';

/** Newest last. */
const KEPT = 500;

export const activity = signal<Activity[]>([]);

/** How the stream of events is, and since when. */
export const stream = signal<{ state: ToTab['state']; since: number }>({ state: 'stale', since: Date.now() });

const worker = new SharedWorker(new URL('./stream.ts', import.meta.url), { type: 'module', name: 'spillway-events' });

worker.port.onmessage = (message: MessageEvent<ToTab>) => {
  const { events, state, since } = message.data;
  if (events.length > 0) {
    const seen = new Set(activity.value.map((each) => each.id));
    activity.value = activity.value.concat(events.filter((each) => !seen.has(each.id))).slice(-KEPT);
  }
  if (state !== stream.value.state || since !== stream.value.since) {
    stream.value = { state, since: since ?? Date.now() };
  }
};

/** Follows with the token that the tab has now. */
export function followEvents(): void {
  worker.port.postMessage({ token: token.value } satisfies FromTab);
}

addEventListener('pagehide', () => worker.port.postMessage('closed' satisfies FromTab));
addEventListener('pageshow', (shown: PageTransitionEvent) => {
  if (shown.persisted) {
    followEvents();
  }
});
