import fc from 'fast-check';
import { expect } from 'vitest';
import { AppError } from '../../../../src/errors.ts';
import { submitTogether } from '../../../../src/jobs/submit/scripts/submit.ts';
import { formatRef, parseJobId } from '../../../../src/redis/job-id.ts';
import type { SubmitJob } from '../../../../src/schemas/job.ts';
import { PRIORITIES } from '../../../../src/schemas/values/names.ts';
import type { Known, LimitedQueue } from './queue.ts';
import { outcomeOf, step } from './step.ts';

const anyKey = fc.constantFrom('a', 'a', 'b', 'c', undefined);
const someTags = fc.constantFrom<string[]>([], [], ['x'], ['x', 'y']);

/** Stores jobs that are all alike. */
async function submitAlike(
  queue: LimitedQueue,
  {
    key,
    place,
    count,
    tags,
  }: Pick<Known, 'key' | 'tags'> & { place: 'parked' | 'normal' | 'low'; count: number },
): Promise<void> {
  const options = {
    ...(key !== undefined && { y: key }),
    ...(place === 'parked' && { at: 1 }),
    ...(tags.length > 0 && { tg: [...tags] }),
  };
  const job = { keys: queue.keys, place, task: 'echo', payload: '1', options };
  const stored = await submitTogether(queue.redis, Array<typeof job>(count).fill(job));
  if (stored.kind === 'key-full') return expect(queue.limits).toHaveProperty('keyMaxJobs');
  if (stored.kind !== 'stored') throw new Error(stored.kind);
  for (const entryId of stored.entryIds) {
    const name = formatRef({ place, entryId });
    queue.open.set(name, { name, key, tags });
  }
}

const count = fc.integer({ min: 1, max: 4 });

export const submit = step(
  'submit',
  fc.record({
    key: anyKey,
    place: fc.constantFrom(...PRIORITIES, 'normal' as const, 'parked' as const),
    count,
    tags: someTags,
  }),
  (queue, asked) => submitAlike(queue, asked as Parameters<typeof submitAlike>[1]),
);

/** All in one lane: priorities go before keys. */
export const submitInOrder = step('submit in order', fc.record({ key: anyKey, count }), (queue, asked) =>
  submitAlike(queue, { ...asked, place: 'normal', tags: [] }),
);

const PLACES = ['p', 'q'] as const;
type Rule = Pick<SubmitJob, 'unique' | 'debounce' | 'cache'>;
const RULES: Readonly<Record<string, (key: string) => Rule>> = {
  existing: (key) => ({ unique: { key } }),
  reject: (key) => ({ unique: { key, onConflict: 'reject' } }),
  replace: (key) => ({ unique: { key, onConflict: 'replace' } }),
  'until started': (key) => ({ unique: { key, until: 'started', onConflict: 'replace' } }),
  debounce: (key) => ({ debounce: { key, wait: 1 } }),
  cache: (key) => ({ cache: { key, for: '1h' } }),
};

const asked = fc.record({
  key: anyKey,
  rule: fc.constantFrom(...Object.keys(RULES)),
  place: fc.constantFrom(...PLACES),
  tags: someTags,
  priority: fc.constantFrom('high' as const, 'normal' as const),
});

/** A job that shares its place; places of cached results are others than those of unique jobs. */
export const submitUnique = step(
  'submit a unique job',
  asked,
  async (queue, { rule, place, key, tags, priority }) => {
    const job = { task: 'echo', queue: queue.keys.queue, payload: 1, priority, tags };
    const result = await outcomeOf(
      queue.submitter.submit({ ...job, ...(key !== undefined && { key }), ...RULES[rule]?.(place) }),
    );
    const name = rule === 'cache' ? `cache ${place}` : place;
    const isOpen = [...queue.open.values()].some((one) => one.place === name);
    if (result instanceof AppError) {
      if (result.code === 'not-unique') return expect([rule, isOpen]).toEqual(['reject', true]);
      expect([result.code, queue.limits]).toMatchObject(['key-full', { keyMaxJobs: expect.anything() }]);
      return;
    }
    const { ref } = parseJobId(result.value.id) ?? {};
    if (ref === undefined) throw new Error('no id');
    const untilStarted = rule === 'until started';
    return note(queue, { name: formatRef(ref), key, tags, place: name, untilStarted }, rule, result.answer);
  },
);

/** A new job has a place to itself, or follows one that runs. */
function checkStored(queue: LimitedQueue, { place }: Known, rule: string): void {
  const others = [...queue.open.values()].filter((one) => one.place === place && !one.untilStarted);
  if (others.length === 0) return;
  expect(['replace', 'until started', 'debounce']).toContain(rule);
  expect(queue.held.map(({ name }) => name)).toEqual(expect.arrayContaining(others.map(({ name }) => name)));
}

function note(queue: LimitedQueue, job: Known, rule: string, answer: string | undefined): void {
  switch (answer) {
    case 'cached':
      expect([...queue.ended.keys()]).toContain(job.name);
      return;
    case 'deduplicated':
      expect([...queue.open.keys()]).toContain(job.name);
      return;
    case 'replaced':
      expect([...queue.open.keys()]).toContain(job.name);
      queue.open.set(job.name, job);
      return;
    default:
      expect([...queue.open.keys(), ...queue.ended.keys()]).not.toContain(job.name);
      checkStored(queue, job, rule);
      queue.open.set(job.name, job);
  }
}
