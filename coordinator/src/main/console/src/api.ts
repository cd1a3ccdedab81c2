import { signal } from '@preact/signals';
import type { Identity } from './types';

const TOKEN = 'spillway-token';

/** A refusal, as RFC 9457 has it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    detail: string,
    readonly planId?: string,
  ) {
    super(detail);
  }
}

/** Kept for the tab alone, and sent to this origin alone. */
export const token = signal(sessionStorage.getItem(TOKEN));

/** Whose the token is; null until that is known. */
export const identity = signal<Identity | null>(null);

export function useToken(value: string | null): void {
  if (value) {
    sessionStorage.setItem(TOKEN, value);
  } else {
    sessionStorage.removeItem(TOKEN);
  }
  token.value = value;
  identity.value = null;
}

/** Whether the token is for changes. The server refuses them by itself, too. */
export function isOperator(): boolean {
  return identity.value?.role === 'OPERATOR';
}

/** Asks for `path`, a template whose parameters are in `values`. Throws a Problem for a refusal, and a TypeError where nobody answers. */
export async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  if (/\/(\.|%2E){1,2}(?=[/?]|$)/i.test(path)) {
    // A browser takes such a segment for a folder, also an encoded one, and would ask for something else.
    throw new Problem(0, 'dots', 'A browser cannot ask for a key of one or two dots: use the command spillway');
  }
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (token.value) {
    headers['Authorization'] = `Bearer ${token.value}`;
  }
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  if (method !== 'GET') {
    headers['Idempotency-Key'] = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  }
  const answer = await fetch(path, {
    method,
    headers,
    cache: 'no-store',
    redirect: 'error',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  if (answer.status === 204) {
    return undefined as T;
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const said = [told.title, told.detail].filter(Boolean).join(': ') || `status ${answer.status}`;
    throw new Problem(answer.status, String(told.type ?? '').replace(/^.*:/, ''), said, told.planId);
  }
  return told as T;
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call<T>('GET', path, undefined, signal);
}

/** One segment of a path. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}
