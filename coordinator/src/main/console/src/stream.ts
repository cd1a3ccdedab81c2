/**
 * Follows /v1/events once for all tabs of a browser: HTTP/1.1 leaves a browser six connections to one address, and a stream takes one for ever.
 * Goes on behind the last event that came, so a coordinator that restarts, or another one behind the same address, doubles none.
 */
import type { Activity } from './types';

export type FromTab = { token: string | null } | 'closed';
/** @property isAll whether the events take the place of those before */
export type ToTab = { events: Activity[]; isAll?: true; since: number; state: 'live' | 'stale' | 'refused' };

const BATCH_EVERY = 100;
const KEPT = 500;
const RETRY_FIRST = 500;
const RETRY_MAX = 5000;
/** A stream is cut off if nothing comes for so long: the coordinator sends a comment every 15 seconds. */
const SILENT_MAX = 45_000;

/** One stream of one token. Tabs with other tokens have other streams, because a token may be for less. */
class Stream {
  private readonly tabs = new Set<MessagePort>();
  private state: ToTab['state'] = 'stale';
  private since = Date.now();
  private heardAt = this.since;
  private lastId = '';
  private following: AbortController | null = null;
  private waiting: Activity[] = [];
  private recent: Activity[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly token: string | null) {}

  add(tab: MessagePort): void {
    const first = this.tabs.size === 0;
    this.tabs.add(tab);
    tab.postMessage({ events: this.recent, isAll: true, since: this.since, state: this.state } satisfies ToTab);
    if (first || this.state === 'refused') {
      this.state = 'stale';
      void this.follow();
    }
  }

  /** Returns whether no tab is left. */
  remove(tab: MessagePort): boolean {
    this.tabs.delete(tab);
    if (this.tabs.size === 0) {
      this.following?.abort();
    }
    return this.tabs.size === 0;
  }

  private tell(events: Activity[]): void {
    this.tabs.forEach((tab) => tab.postMessage({ events, since: this.since, state: this.state } satisfies ToTab));
  }

  private become(next: ToTab['state']): void {
    if (this.state !== next) {
      this.state = next;
      // Up to then the events are complete.
      this.since = next === 'stale' ? this.heardAt : Date.now();
    }
    this.tell([]);
  }

  private take(event: string, id: string, data: string): void {
    this.lastId = id || this.lastId;
    if (event !== 'start') {
      const told = JSON.parse(data);
      this.waiting.push({ ...told, id, type: event, at: told.at ?? new Date().toISOString() });
      this.waiting = this.waiting.slice(-KEPT);
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.recent = this.recent.concat(this.waiting).slice(-KEPT);
      this.tell(this.waiting);
      this.waiting = [];
    }, BATCH_EVERY);
  }

  /** Reads one answer to its end, or until nothing comes any more. */
  private async read(ending: AbortSignal): Promise<void> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENT_MAX);
    const heard = () => {
      this.heardAt = Date.now();
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENT_MAX);
    };
    try {
      await this.readAll(AbortSignal.any([ending, silence.signal]), heard);
    } finally {
      clearTimeout(timer);
    }
  }

  private async readAll(signal: AbortSignal, heard: () => void): Promise<void> {
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    if (this.token) {
      headers['Authorization'] = `Bearer ${this.token}`;
    }
    if (this.lastId) {
      headers['Last-Event-ID'] = this.lastId;
    }
    const answer = await fetch('/v1/events', { headers, signal, cache: 'no-store', redirect: 'error' });
    if (answer.status === 401 || answer.status === 403) {
      this.become('refused');
      return;
    }
    if (!answer.ok || !answer.body) {
      throw new Error(`status ${answer.status}`);
    }
    this.become('live');
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      heard();
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
          this.take(fields.get('event') ?? 'message', fields.get('id') ?? '', data);
        }
      }
    }
  }

  private async follow(): Promise<void> {
    this.following?.abort();
    const mine = (this.following = new AbortController());
    let pause = RETRY_FIRST;
    while (!mine.signal.aborted && this.tabs.size > 0) {
      try {
        await this.read(mine.signal);
        pause = RETRY_FIRST;
      } catch {
        // Nobody answers, or the stream was cut off.
      }
      // Asked as a text, because reading changed it.
      if (mine.signal.aborted || String(this.state) === 'refused') {
        return;
      }
      this.become('stale');
      await new Promise((resume) => setTimeout(resume, pause));
      pause = Math.min(2 * pause, RETRY_MAX);
    }
  }
}

const streams = new Map<string | null, Stream>();

(self as unknown as SharedWorkerGlobalScope).onconnect = (connecting) => {
  const tab = connecting.ports[0];
  if (!tab) {
    return;
  }
  let token: string | null = null;
  const leave = () => {
    if (streams.get(token)?.remove(tab)) {
      streams.delete(token);
    }
  };
  tab.onmessage = (message: MessageEvent<FromTab>) => {
    leave();
    if (message.data !== 'closed') {
      token = message.data.token;
      const stream = streams.get(token) ?? new Stream(token);
      streams.set(token, stream);
      stream.add(tab);
    }
  };
};
