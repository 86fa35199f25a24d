import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { noneHeld } from '../../../src/schemas/queues/held.ts';
import type { Accepted } from './clients.ts';
import { isDocumented } from './evidence.ts';
import type { Execution } from './journal.ts';
import { type Evidence, judge } from './oracle.ts';
import { bound } from './report.ts';

const accepted = (key: string, ...ids: string[]): Accepted => ({
  key,
  task: 'work',
  ids: new Set(ids),
  at: 1_000,
});
const completed = (id: string, key: string): Job => ({
  id,
  queue: 'default',
  status: 'completed',
  attempt: 1,
  maxAttempts: 5,
  createdAt: '2026-01-31T12:00:00.000Z',
  result: { key },
});
const execution = (id: string, more: Partial<Execution> = {}): Execution => ({
  run: `${id}#1`,
  key: id,
  id,
  attempt: 1,
  pid: 1,
  startedAt: 2_000,
  endedAt: 2_010,
  ...more,
});
const totals = {
  submitted: 2,
  completed: 2,
  failed: 0,
  cancelled: 0,
  expired: 0,
  retried: 0,
  recovered: 0,
  staleCommits: 0,
  purged: 0,
};

/** Two jobs for which all went well. */
const good: Evidence = {
  accepted: [accepted('a', 'id-a'), accepted('b', 'id-b')],
  finals: new Map([
    ['id-a', completed('id-a', 'a')],
    ['id-b', completed('id-b', 'b')],
  ]),
  executions: [execution('id-a'), execution('id-b')],
  faults: [],
  stats: {
    queue: 'default',
    paused: false,
    counts: { queued: 0, scheduled: 0, running: 0, retrying: 0, failed: 0 },
    held: noneHeld(),
    lanes: { critical: 0, high: 0, normal: 0, low: 0 },
    totals,
    oldestQueuedMs: 0,
    workers: [],
    rates: { submittedPerMin: 0, completedPerMin: 0, failedPerMin: 0 },
    latency: {},
    memoryBytes: 0,
  },
  leftovers: { notes: 0 },
  unknownKeys: [],
  defects: [],
};
const withFinal = (id: string, job: Job | undefined): Evidence => ({
  ...good,
  finals: new Map([...good.finals, [id, job]]),
});
const again = execution('id-a', { run: 'id-a#2', attempt: 2, pid: 2, startedAt: 3_000, endedAt: 3_010 });
const doubled: Evidence = { ...good, executions: [...good.executions, again] };
const kill = { kind: 'kill -9', at: 2_005, until: 2_005, pids: [1], inFlight: 1 };

describe('the oracle', () => {
  it('finds nothing wrong where nothing is', () => {
    expect(judge(good)).toEqual([]);
  });

  it.each<[string, RegExp, Evidence]>([
    ['a lost job', /a was accepted as id-a and is lost/, withFinal('id-a', undefined)],
    [
      'a job that never ended',
      /a ended as running/,
      withFinal('id-a', { ...completed('id-a', 'a'), status: 'running' }),
    ],
    [
      'a job that failed',
      /a ended as failed/,
      withFinal('id-a', { ...completed('id-a', 'a'), status: 'failed' }),
    ],
    ["another job's result", /a has the result of b/, withFinal('id-a', completed('id-a', 'b'))],
    ['a result that no handler made', /no handler ever ran it/, { ...good, executions: [execution('id-b')] }],
    [
      'two jobs for one key',
      /a has 2 ids/,
      { ...good, accepted: [accepted('a', 'id-a', 'id-c'), accepted('b', 'id-b')] },
    ],
    [
      'a job that nobody was promised',
      /of id-x, never accepted/,
      { ...good, executions: [...good.executions, execution('id-x')] },
    ],
    ['an execution too many', /no fault explains it/, doubled],
    [
      'an execution after a fault of another process',
      /no fault explains it/,
      { ...doubled, faults: [{ ...kill, pids: [9] }] },
    ],
    [
      'an execution before the fault',
      /no fault explains it/,
      { ...doubled, faults: [{ ...kill, at: 4_000, until: 4_000 }] },
    ],
    [
      'books that do not add up',
      /2 submitted are not 0 held \+ 1 ended/,
      { ...good, stats: { ...good.stats, totals: { ...totals, completed: 1 } } },
    ],
    [
      'a job stored twice',
      /2 jobs were accepted, 3 are stored/,
      { ...good, stats: { ...good.stats, totals: { ...totals, submitted: 3, completed: 3 } } },
    ],
    ['something left over', /1 in notes/, { ...good, leftovers: { notes: 1 } }],
    ['an unknown key', /mr:x/, { ...good, unknownKeys: ['mr:x'] }],
    ['a defect in the log', /oops/, { ...good, defects: ['oops'] }],
  ])('finds %s', (_, words, evidence) => {
    const violations = judge(evidence);
    expect(violations.join('\n')).toMatch(words);
  });

  it('accepts an execution that a fault explains, within the bound', () => {
    expect(judge({ ...doubled, faults: [kill] })).toEqual([]);
    expect(bound([kill, kill])).toBe(2);
  });

  it('accepts an execution after a failure that was planned', () => {
    const failed = execution('id-a', { failed: true });
    expect(judge({ ...good, executions: [failed, execution('id-b'), again] })).toEqual([]);
  });

  it('accepts other endings only where they are expected', () => {
    const cancelled = withFinal('id-a', { ...completed('id-a', 'a'), status: 'cancelled' });
    expect(judge(cancelled)).toHaveLength(1);
    expect(judge(cancelled, { endings: (key) => (key === 'a' ? ['cancelled'] : ['completed']) })).toEqual([]);
  });

  it('knows the keys of the map, and no others', () => {
    expect(isDocumented('mr:{default}:lane:high')).toBe(true);
    expect(isDocumented('mr:{default}:result:n1-0')).toBe(true);
    expect(isDocumented('mr:queues')).toBe(true);
    expect(isDocumented('mr:{default}:lanes')).toBe(false);
    expect(isDocumented('other')).toBe(false);
  });
});
