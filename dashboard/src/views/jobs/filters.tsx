import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { pathOf, type Query } from '../../net/places.ts';
import { Choice, TextField } from '../../parts/fields.tsx';
import { addressOf, go } from '../../state/router.ts';

const NAMES = ['queue', 'status', 'task', 'tag', 'from', 'to'] as const;

/** What jobs are searched by, as the address of the view has it; '' for all. */
export type Filter = Readonly<Record<(typeof NAMES)[number], string>>;

export const filterOf = (query: URLSearchParams): Filter =>
  Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ''])) as Filter;

const toTime = (local: string): string | undefined =>
  Number.isNaN(Date.parse(local)) ? undefined : new Date(local).toISOString();

/** The request that lists what fits. A plain list of a queue says more of ended jobs than a search does. */
export function listOf({ queue, status, task, tag, from, to }: Filter): { path: string; query: Query } {
  const isPlain = queue !== '' && task === '' && tag === '' && from === '' && to === '';
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
  const field = (name: keyof Filter, label: string, type = 'text') => (
    <TextField
      label={label}
      type={type}
      placeholder="any"
      value={typed[name]}
      onInput={(value) => setTyped({ ...typed, [name]: value })}
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
      {field('from', 'Submitted from', 'datetime-local')}
      {field('to', 'until', 'datetime-local')}
    </div>
  );
}
