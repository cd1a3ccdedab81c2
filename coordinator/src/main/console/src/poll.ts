import { signal, type ReadonlySignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Problem, useToken } from './api';

export interface Polled<T> {
  data?: T;
  /** When the data came. */
  at?: number;
  /** Why there is nothing newer. */
  failure?: Error;
}

/** Milliseconds after which an answer is given up. */
const PATIENCE = 30_000;

/** When the coordinator answered last. */
let answeredAt = Date.now();

/** Since when the coordinator has not answered; null while it does. What is shown is from then. */
export const unanswered = signal<number | null>(null);

/** The time, for ages. */
export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, 1000);

/** Records how a request ended. */
export function heard(failure?: unknown): void {
  if (failure === undefined || failure instanceof Problem) {
    answeredAt = Date.now();
    unanswered.value = null;
    if (failure instanceof Problem && failure.status === 401) {
      useToken(null);
    }
  } else {
    unanswered.value ??= answeredAt;
  }
}

/** Asks again and again while the tab is seen; what came last stays when nobody answers. */
export function usePolled<T>(ask: (signal: AbortSignal) => Promise<T>, every: number, ...on: unknown[]): ReadonlySignal<Polled<T>> {
  const polled = useMemo(() => signal<Polled<T>>({}), on);
  useEffect(() => {
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isAsking = false;
    const look = async () => {
      isAsking = true;
      if (!document.hidden) {
        try {
          const data = await ask(AbortSignal.any([ending.signal, AbortSignal.timeout(PATIENCE)]));
          polled.value = { data, at: Date.now() };
          heard();
        } catch (failure) {
          if (ending.signal.aborted) {
            return;
          }
          polled.value = { ...polled.value, failure: failure as Error };
          heard(failure);
        }
      }
      isAsking = false;
      if (!ending.signal.aborted) {
        timer = setTimeout(look, every);
      }
    };
    const seen = () => {
      // What is asked already goes on by itself: begun twice, it would go on twice.
      if (!document.hidden && !isAsking) {
        clearTimeout(timer);
        void look();
      }
    };
    document.addEventListener('visibilitychange', seen);
    void look();
    return () => {
      ending.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, on);
  return polled;
}
