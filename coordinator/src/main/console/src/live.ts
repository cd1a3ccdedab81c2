import { effect, signal } from '@preact/signals';
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
  const { events, isAll, state, since } = message.data;
  if (isAll || events.length > 0) {
    activity.value = (isAll ? [] : activity.value).concat(events).slice(-KEPT);
  }
  if (state !== stream.value.state || since !== stream.value.since) {
    stream.value = { state, since };
  }
};

effect(() => {
  // What one token was told is not for the next.
  token.value;
  worker.port.postMessage('closed' satisfies FromTab);
  activity.value = [];
});

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
