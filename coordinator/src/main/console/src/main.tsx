import { effect, signal } from '@preact/signals';
import { render, type ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { get, identity, Problem, token, useToken } from './api';
import { Audit } from './audit';
import { Evictions, OneEviction } from './evictions';
import { Fleet, OneHost } from './fleet';
import { clock } from './format';
import { followEvents, stream } from './live';
import { Entries, Namespaces, OneEntry, OneNamespace } from './namespaces';
import { Heading, to } from './parts';
import { OnePlan, Plans } from './plans';
import { heard, unanswered } from './poll';
import type { Identity } from './types';
import './style.css';

/** The parts of the place, decoded. */
const place = signal<string[]>([]);

function readPlace(): void {
  try {
    place.value = location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    place.value = ['unknown'];
  }
}

addEventListener('hashchange', readPlace);
readPlace();

/** Whether the token is for some namespaces alone, and not for what is the whole fleet's. */
function isOfSome(): boolean {
  return (identity.value?.namespaces.length ?? 0) > 0;
}

function first(): string {
  return isOfSome() ? 'namespaces' : 'fleet';
}

function screen(parts: string[]): ComponentChildren {
  const [page = first(), second, third, fourth] = parts;
  switch (page) {
    case 'fleet':
      return <Fleet />;
    case 'hosts':
      return second ? <OneHost key={second} id={second} /> : <Fleet />;
    case 'namespaces':
      if (second && third === 'entries') {
        return fourth ? <OneEntry key={fourth} namespace={second} name={fourth} /> : <Entries key={second} name={second} />;
      }
      return second ? <OneNamespace key={second} name={second} /> : <Namespaces />;
    case 'evictions':
      return second ? <OneEviction key={second} id={second} /> : <Evictions />;
    case 'plans':
      return second ? <OnePlan key={second} id={second} /> : <Plans />;
    case 'audit':
      return <Audit />;
    default:
      return <Heading title="Unknown">There is no such page</Heading>;
  }
}

const wantsToken = signal(false);

async function findIdentity(): Promise<void> {
  try {
    identity.value = await get<Identity>('/v1/identity');
    wantsToken.value = false;
    heard();
    followEvents();
  } catch (failure) {
    if (failure instanceof Problem && (failure.status === 401 || failure.status === 403)) {
      wantsToken.value = true;
    } else {
      heard(failure);
      setTimeout(() => void findIdentity(), 2000);
    }
  }
}

function TokenForm() {
  const [typed, setTyped] = useState('');
  return (
    <main class="login">
      <Heading title="Token">Spillway</Heading>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          useToken(typed.trim());
        }}
      >
        <label>
          Token{' '}
          <input type="password" autocomplete="off" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
        </label>
        <button type="submit" class="primary">
          Show the fleet
        </button>
        {token.value !== null && <p role="alert">This token is not known, or is over.</p>}
        <p class="muted">A token is made by <code>spillway token create NAME --role reader</code>. It is kept for this tab alone.</p>
      </form>
    </main>
  );
}

function App() {
  if (wantsToken.value) {
    return <TokenForm />;
  }
  const me = identity.value;
  const here = place.value[0] ?? first();
  const places: [string, string][] = [
    ['fleet', 'Fleet'],
    ['namespaces', 'Namespaces'],
    ['evictions', 'Evictions'],
    ['plans', 'Plans'],
    ['audit', 'Audit'],
  ].filter(([path]) => !isOfSome() || path === 'namespaces') as [string, string][];
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus(); }}>
        Skip to the content
      </a>
      <header>
        <strong>Spillway</strong>
        <nav aria-label="Pages">
          {places.map(([path, name]) => (
            <a key={path} href={to(path)} aria-current={here === path || (path === 'fleet' && here === 'hosts') ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <span class="who">
          {me && `${me.name}, ${me.role.toLowerCase()}`}{' '}
          {token.value !== null && (
            <button type="button" onClick={() => useToken(null)}>
              Forget token
            </button>
          )}
        </span>
      </header>
      {(unanswered.value !== null || stream.value.state === 'stale') && me !== null && (
        <p class="stale" role="status">
          {unanswered.value !== null ? `No answer since ${clock(unanswered.value)}: what is shown is from then.` : `Events are not followed since ${clock(stream.value.since)}.`}
        </p>
      )}
      <main id="main" tabIndex={-1}>
        {me ? screen(place.value) : <p class="muted">{unanswered.value === null ? 'Loading' : 'The coordinator does not answer'}</p>}
      </main>
    </>
  );
}

effect(() => {
  // With each new token, whose it is.
  token.value;
  void findIdentity();
});
const app = document.getElementById('app');
if (app) {
  render(<App />, app);
}
