import { expect } from 'vitest';
import type { Job } from '../../../../src/schemas/job.ts';
import type { QueueStats } from '../../../../src/schemas/queue.ts';
import { JSON_TYPE } from '../../api/send.ts';
import { until } from '../../redis/server.ts';
import { blocksOf } from '../doc-commands.ts';
import type { DocShell } from '../doc-shell.ts';

/** Somebody who has followed a page, and looks whether it is so. */
export interface Reader {
  /** Runs the command of the page that has this part once more; returns its output. */
  again(part: string): Promise<string>;
  submit(job: object): Promise<{ status: number; headers: Headers; body: Job & { jobId?: string } }>;
  cancel(id: string): Promise<Response>;
  /** Resolves when the job is so. */
  untilJob(id: string, isSo: (job: Job) => boolean): Promise<unknown>;
  stats(queue: string): Promise<QueueStats>;
  /** The jobs of a queue in the order in which they started, once no job waits or runs there. */
  ended(queue: string): Promise<Run[]>;
}

/** A completed job, with its times in Unix ms. */
export interface Run {
  readonly key: string | undefined;
  readonly created: number;
  readonly start: number;
  readonly end: number;
  readonly result: unknown;
  readonly metadata: Job['metadata'];
}

/** @param page the text of the page that was followed in this shell. */
export function readerOf(shell: DocShell, page: string): Reader {
  const ask = async <T>(path: string): Promise<T> =>
    (await fetch(`${shell.origin}${path}`)).json() as Promise<T>;
  const stats = (queue: string) => ask<QueueStats>(`/queues/${queue}/stats`);
  return {
    stats,
    async again(part) {
      const command = blocksOf(page).find(({ language, text }) => language === 'sh' && text.includes(part));
      if (command === undefined) throw new Error(`the page has no command with ${part}`);
      return await shell.request(command.text);
    },
    async submit(job) {
      const answer = await fetch(`${shell.origin}/jobs`, {
        method: 'POST',
        headers: JSON_TYPE,
        body: JSON.stringify(job),
      });
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Job };
    },
    cancel: (id) => fetch(`${shell.origin}/jobs/${id}/cancel`, { method: 'POST' }),
    untilJob: (id, isSo) => until(async () => isSo(await ask<Job>(`/jobs/${id}`)), `${id} to be ${isSo}`),
    async ended(queue) {
      await until(async () => {
        const { queued, scheduled, running, retrying } = (await stats(queue)).counts;
        return queued + scheduled + running + retrying === 0;
      }, `the end of all jobs of ${queue}`);
      const { items } = await ask<{ items: Job[] }>(`/queues/${queue}/jobs?status=completed&limit=100`);
      return items.map(toRun).sort((a, b) => a.start - b.start);
    },
  };
}

const toRun = ({ key, createdAt, startedAt, finishedAt, result, metadata }: Job): Run => ({
  key,
  created: Date.parse(createdAt),
  start: Date.parse(startedAt ?? ''),
  end: Date.parse(finishedAt ?? ''),
  result,
  metadata,
});

/** Both times of a job are cut to milliseconds: one may begin that much before the other has ended. */
const ROUNDING_MS = 2;

/** The most of these jobs that ran at the same time. */
export function mostAtOnce(runs: readonly Run[]): number {
  const changes = runs.flatMap(({ start, end }) => [[start, 1] as const, [end - ROUNDING_MS, -1] as const]);
  let running = 0;
  return Math.max(
    0,
    ...changes
      .sort(([at, by], [otherAt, otherBy]) => at - otherAt || by - otherBy)
      .map(([, by]) => {
        running += by;
        return running;
      }),
  );
}

/** Expects that so many jobs have run, and that no two of them began within `ms`. Times are cut to milliseconds. */
export function expectApart(runs: readonly Run[], count: number, ms: number): void {
  const gaps = runs.slice(1).map(({ start }, i) => start - (runs[i]?.start ?? 0));
  expect(runs).toHaveLength(count);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(ms - 1);
}

/** Expects that jobs of a key have run one after the other, in their order, and those of different keys at the same time. */
export function expectTurns(runs: readonly Run[], keys: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(keys)) {
    const own = runs.filter((run) => run.key === key);
    expect(own).toHaveLength(count);
    expect(mostAtOnce(own)).toBe(1);
    expect(own.map(({ created }) => created)).toEqual(
      own.map(({ created }) => created).sort((a, b) => a - b),
    );
  }
  expect(mostAtOnce(runs)).toBe(Object.keys(keys).length);
}
