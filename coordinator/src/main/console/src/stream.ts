/**
 * Follows /v1/events once for all tabs of a browser: HTTP/1.1 leaves a browser six connections to one address, and a stream takes one for ever.
 * Goes on behind the last event that came, so a coordinator that restarts, or another one behind the same address, doubles none.
 */
import type { Activity } from './types';

export type FromTab = { token: string | null } | 'closed';
export type ToTab = { events: Activity[]; since?: number; state: 'live' | 'stale' | 'refused' };

const BATCH_EVERY = 100;
const KEPT = 500;
const RETRY_FIRST = 500;
const RETRY_MAX = 5000;

const tabs = new Set<MessagePort>();
let token: string | null = null;
let state: ToTab['state'] = 'stale';
let since = Date.now();
let lastId = '';
let following: AbortController | null = null;
let waiting: Activity[] = [];
let recent: Activity[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

function tell(message: ToTab): void {
  tabs.forEach((tab) => tab.postMessage(message));
}

function become(next: ToTab['state']): void {
  if (state !== next) {
    state = next;
    since = Date.now();
  }
  tell({ events: [], since, state });
}

function take(event: string, id: string, data: string): void {
  lastId = id || lastId;
  if (event !== 'start') {
    const told = JSON.parse(data);
    waiting.push({ ...told, id, type: event, at: told.at ?? new Date().toISOString() });
    if (waiting.length > KEPT) {
      waiting = waiting.slice(-KEPT);
    }
  }
  timer ??= setTimeout(() => {
    timer = undefined;
    recent = recent.concat(waiting).slice(-KEPT);
    tell({ events: waiting, since, state });
    waiting = [];
  }, BATCH_EVERY);
}

/** Reads one stream to its end. */
async function read(signal: AbortSignal): Promise<void> {
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (token) {
    headers['Authorization'] = `Bearer ${token}`;
  }
  if (lastId) {
    headers['Last-Event-ID'] = lastId;
  }
  const answer = await fetch('/v1/events', { headers, signal, cache: 'no-store' });
  if (answer.status === 401 || answer.status === 403) {
    become('refused');
    return;
  }
  if (!answer.ok || !answer.body) {
    throw new Error(`status ${answer.status}`);
  }
  become('live');
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const blocks = (rest + part.value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map<string, string>();
      for (const line of block.split('\n')) {
        const colon = line.indexOf(':');
        if (colon > 0) {
          fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
        }
      }
      const data = fields.get('data');
      if (data !== undefined) {
        take(fields.get('event') ?? 'message', fields.get('id') ?? '', data);
      }
    }
  }
}

async function follow(): Promise<void> {
  following?.abort();
  const mine = (following = new AbortController());
  let pause = RETRY_FIRST;
  while (!mine.signal.aborted && tabs.size > 0) {
    try {
      await read(mine.signal);
      pause = RETRY_FIRST;
    } catch {
      // Nobody answers, or the stream was cut off.
    }
    if (mine.signal.aborted || state === 'refused') {
      return;
    }
    become('stale');
    await new Promise((resume) => setTimeout(resume, pause));
    pause = Math.min(2 * pause, RETRY_MAX);
  }
}

(self as unknown as SharedWorkerGlobalScope).onconnect = (connecting) => {
  const tab = connecting.ports[0];
  if (!tab) {
    return;
  }
  tab.onmessage = (message: MessageEvent<FromTab>) => {
    if (message.data === 'closed') {
      tabs.delete(tab);
      if (tabs.size === 0) {
        following?.abort();
      }
      return;
    }
    const first = tabs.size === 0;
    tabs.add(tab);
    tab.postMessage({ events: recent, since, state } satisfies ToTab);
    if (first || message.data.token !== token || state === 'refused') {
      token = message.data.token;
      state = 'stale';
      void follow();
    }
  };
};
