import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ReadonlySignal } from '@preact/signals';
import { call, get, Problem } from './api';
import { age, moment, visible } from './format';
import { heard, now, usePolled, type Polled } from './poll';
import type { OpenOrder, Order, Page } from './types';

/** A place of the console, below `#/`; each part is one segment. */
export function to(...parts: string[]): string {
  return '#/' + parts.map(encodeURIComponent).join('/');
}

/**
 * Text of others, with its own direction.
 *
 * @property whole whether it has as many lines as it takes; else it is cut off by the style where it is long, and whole in its title
 */
export function Text({ of, whole }: { of: string; whole?: boolean }) {
  const shown = visible(of);
  return whole ? (
    <bdi class="whole">{shown}</bdi>
  ) : (
    <bdi class="text" title={shown}>
      {shown}
    </bdi>
  );
}

export function Age({ at }: { at: string | undefined }) {
  return <time title={moment(at)}>{age(at, now.value)}</time>;
}

export function State({ of }: { of: string }) {
  return <span class={`state ${of.toLowerCase()}`}>{of.toLowerCase()}</span>;
}

/** What keeps an order open. The holds themselves are known to the host alone. */
export function WaitsFor({ order }: { order: Order | OpenOrder }) {
  return <Text of={order.waitsFor ?? (order.deferredUntil ? `a hold until ${moment(order.deferredUntil)}` : (order.lastError ?? '-'))} />;
}

export function Tile({ name, value, bad }: { name: string; value: ComponentChildren; bad?: boolean }) {
  return (
    <div class={bad ? 'tile bad' : 'tile'}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** What came, and above it why there is nothing newer. */
export function Shown<T>({ polled, children }: { polled: ReadonlySignal<Polled<T>>; children: (data: T) => ComponentChildren }) {
  const { data, failure } = polled.value;
  return (
    <>
      {failure instanceof Problem && <p role="alert">{failure.message}</p>}
      {data === undefined ? !(failure instanceof Problem) && <p class="muted">Loading</p> : children(data)}
    </>
  );
}

export interface Column<T> {
  name: string;
  cell: (row: T) => ComponentChildren;
  /** To sort by; numbers stand at the right. */
  by?: (row: T) => number | string;
  number?: boolean;
}

const ROWS = 50;

/** A table of one page of its rows, sorted by the column that is chosen. */
export function Table<T>({ caption, rows, columns, id }: { caption: string; rows: T[]; columns: Column<T>[]; id: (row: T) => string }) {
  const [sorted, setSorted] = useState<{ column: number; down: boolean } | null>(null);
  const [page, setPage] = useState(0);
  const by = sorted && columns[sorted.column]?.by;
  const ordered = by
    ? rows.toSorted((a, b) => {
        const [x, y] = [by(a), by(b)];
        const order = x < y ? -1 : x > y ? 1 : 0;
        return sorted.down ? -order : order;
      })
    : rows;
  const last = Math.max(0, Math.ceil(rows.length / ROWS) - 1);
  const at = Math.min(page, last);
  return (
    <div class="table">
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th
                key={column.name}
                scope="col"
                class={column.number ? 'number' : ''}
                aria-sort={sorted?.column === index ? (sorted.down ? 'descending' : 'ascending') : undefined}
              >
                {column.by ? (
                  <button
                    type="button"
                    class="sort"
                    onClick={() => setSorted({ column: index, down: sorted?.column === index ? !sorted.down : !!column.number })}
                  >
                    {column.name}
                  </button>
                ) : (
                  column.name
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ordered.slice(at * ROWS, (at + 1) * ROWS).map((row) => (
            <tr key={id(row)}>
              {columns.map((column) => (
                <td key={column.name} class={column.number ? 'number' : ''}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p class="muted">None</p>}
      {last > 0 && (
        <nav class="pages" aria-label={`Pages of ${caption}`}>
          <button type="button" disabled={at === 0} onClick={() => setPage(at - 1)}>
            Previous
          </button>
          <span>
            {at * ROWS + 1} to {Math.min(rows.length, (at + 1) * ROWS)} of {rows.length}
          </span>
          <button type="button" disabled={at === last} onClick={() => setPage(at + 1)}>
            Next
          </button>
        </nav>
      )}
    </div>
  );
}

/** A list that the coordinator tells in pages. A list at another path takes another `key`. */
export function Pages<T>({ path, every, ...table }: { path: string; every: number; caption: string; columns: Column<T>[]; id: (row: T) => string }) {
  const [places, setPlaces] = useState<string[]>([]);
  const query = new URLSearchParams({ limit: String(ROWS), ...(places.length && { after: places.at(-1) as string }) });
  const asked = `${path}${path.includes('?') ? '&' : '?'}${query}`;
  const found = usePolled((signal) => get<Page<T>>(asked, signal), every, asked);
  return (
    <Shown polled={found}>
      {({ items, next }) => (
        <>
          <Table {...table} rows={items} />
          {(places.length > 0 || next) && (
            <nav class="pages" aria-label={`Pages of ${table.caption}`}>
              <button type="button" disabled={places.length === 0} onClick={() => setPlaces(places.slice(0, -1))}>
                Previous
              </button>
              <span>Page {places.length + 1}</span>
              <button type="button" disabled={!next} onClick={() => next && setPlaces([...places, next])}>
                Next
              </button>
            </nav>
          )}
        </>
      )}
    </Shown>
  );
}

/**
 * A button that asks before it acts.
 *
 * @param word what has to be typed first, for what cannot be taken back
 */
export function Ask(props: {
  label: string;
  question: string;
  method: string;
  path: string;
  body?: unknown;
  word?: string;
  done?: (answer: unknown) => string | void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState('');
  const [said, setSaid] = useState<{ text: string; bad: boolean } | null>(null);
  const [busy, setBusy] = useState(false);
  const act = async () => {
    setBusy(true);
    try {
      const answer = await call(props.method, props.path, props.body);
      heard();
      setSaid({ text: props.done?.(answer) ?? 'Done', bad: false });
    } catch (failure) {
      heard(failure);
      if (failure instanceof Problem && failure.planId) {
        location.hash = to('plans', failure.planId);
      }
      setSaid({ text: failure instanceof Problem ? failure.message : 'No answer: it may or may not have been done', bad: true });
    }
    setBusy(false);
    dialog.current?.close();
  };
  return (
    <span class="ask">
      <button
        type="button"
        onClick={() => {
          setTyped('');
          dialog.current?.showModal();
        }}
      >
        {props.label}
      </button>
      {said && <span role="status" class={said.bad ? 'bad' : 'muted'}>{said.text}</span>}
      <dialog ref={dialog} aria-label={props.label}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void act();
          }}
        >
          <p>{props.question}</p>
          {props.word && (
            <label>
              Type <bdi>{props.word}</bdi> <input value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
            </label>
          )}
          <p class="choices">
            <button type="submit" class="primary" disabled={busy || (props.word !== undefined && typed !== props.word)}>
              {props.label}
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
          </p>
        </form>
      </dialog>
    </span>
  );
}

/** Names the page in the browser and puts the focus on its heading, so a reader of screens hears where it is. */
export function Heading({ children, title }: { children: ComponentChildren; title: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${visible(title)} - Spillway`;
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}
