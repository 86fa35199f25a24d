import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { isName, pathOf, type Query } from '../../net/places.ts';
import { Choice, TextField } from '../../parts/fields.tsx';
import { addressOf, go } from '../../state/router.ts';

const NAMES = ['queue', 'status', 'task', 'tag', 'from', 'to'] as const;

/** What jobs are searched by, as the address of the view has it; '' for all. */
export type Filter = Readonly<Record<(typeof NAMES)[number], string>>;

export const filterOf = (query: URLSearchParams): Filter =>
  Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ''])) as Filter;

/** The time as an address has it: with its zone, so that it means the same to all readers. The API refuses what is no time. */
const toTime = (text: string): string =>
  Number.isNaN(Date.parse(text)) ? text : new Date(text).toISOString().replace('.000Z', 'Z');

/** The time as its field has it: that of the reader's clock. '' for what is no time. */
function toLocal(text: string): string {
  const time = new Date(text);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (Number.isNaN(time.getTime())) return '';
  const day = [String(time.getFullYear()).padStart(4, '0'), two(time.getMonth() + 1), two(time.getDate())];
  const seconds = time.getSeconds() === 0 ? [] : [two(time.getSeconds())];
  return `${day.join('-')}T${[two(time.getHours()), two(time.getMinutes()), ...seconds].join(':')}`;
}

/** The request that lists what fits. A plain list of a queue says more of ended jobs than a search does. */
export function listOf({ queue, status, task, tag, from, to }: Filter): { path: string; query: Query } {
  const isPlain = isName(queue) && task === '' && tag === '' && from === '' && to === '';
  return isPlain
    ? { path: `${pathOf('queues', queue)}/jobs`, query: { status, payload: false } }
    : {
        path: 'jobs',
        query: { queue, status, task, tag, from: toTime(from), to: toTime(to), payload: false },
      };
}

const STATUSES = [
  ['', 'Waiting, running and failed'],
  ['queued', 'Waiting'],
  ['scheduled', 'Scheduled'],
  ['running', 'Running'],
  ['retrying', 'Retrying'],
  ['failed', 'Failed'],
  ['completed', 'Completed'],
  ['cancelled', 'Cancelled'],
  ['expired', 'Expired'],
] as const;

/** The reader has typed to the end once nothing came for so long, ms. */
const TYPING_MS = 250;

export function Filters({ filter }: { filter: Filter }): JSX.Element {
  const [typed, setTyped] = useState(filter);
  const told = useRef(filter);
  const address = JSON.stringify(filter);
  useEffect(() => {
    if (address !== JSON.stringify(told.current)) setTyped(filter);
  }, [address]);
  useEffect(() => {
    const timer = setTimeout(() => {
      told.current = typed;
      go(addressOf(['jobs'], typed), { replace: true });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const field = (name: 'queue' | 'task' | 'tag', label: string) => (
    <TextField
      label={label}
      placeholder="any"
      value={typed[name]}
      onInput={(value) => setTyped({ ...typed, [name]: value })}
    />
  );
  const time = (name: 'from' | 'to', label: string) => (
    <TextField
      label={label}
      type="datetime-local"
      value={toLocal(typed[name])}
      onInput={(value) => setTyped({ ...typed, [name]: toTime(value) })}
    />
  );
  return (
    <div class="filters">
      {field('queue', 'Queue')}
      <Choice
        label="Status"
        value={typed.status}
        options={STATUSES}
        onInput={(status) => setTyped({ ...typed, status })}
      />
      {field('task', 'Task')}
      {field('tag', 'Tag')}
      {time('from', 'Submitted from')}
      {time('to', 'until')}
    </div>
  );
}
