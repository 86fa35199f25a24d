import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/clock.ts';
import type { EntryOptions } from '../../../../src/redis/entry-options.ts';
import type { LoadedTask } from '../../../../src/tasks/types.ts';
import { AttemptContext, type ContextParts } from '../../../../workers/run/context/attempt-context.ts';
import type { RunningJob } from '../../../../workers/run/running-job.ts';

setFlagsFromString('--allow-natives-syntax');
const haveSameShape = runInThisContext('(a, b) => %HaveSameMap(a, b)') as (a: object, b: object) => boolean;

function createContext(task: Partial<LoadedTask> = { attempts: 3 }, options: EntryOptions = {}) {
  const signals: AbortSignal[] = [];
  const lines: unknown[] = [];
  const running = {
    id: 'default~n1-0',
    attempt: 2,
    delivery: { keys: { queue: 'default' } },
    get signal() {
      signals.push(new AbortController().signal);
      return signals.at(-1);
    },
  };
  const consumer = { name: 'w1', appendLog: async () => true };
  const parts = { consumer, clock: systemClock, observe: (event: unknown) => lines.push(event) };
  const entry = { task: 'echo', payload: 'null', value: null, options };
  const context = new AttemptContext(
    parts as unknown as ContextParts,
    running as unknown as RunningJob,
    entry,
    task as LoadedTask,
  );
  return { context, signals, lines };
}

describe('the context of an attempt', () => {
  it('works when a handler copies or destructures it', () => {
    const { context, lines } = createContext();
    const { signal, log, job, checkpoint } = { ...context };
    expect(checkpoint).toBeInstanceOf(Function);
    expect(context).not.toHaveProperty('lastCheckpoint');
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(job).toMatchObject({ id: 'default~n1-0', attempt: 2, maxAttempts: 3, lease: 'w1' });
    log('here');
    expect(lines).toEqual([
      {
        ...{ kind: 'task-log', queue: 'default', task: 'echo', job: 'default~n1-0', lease: 'w1' },
        ...{ text: 'here', level: 'info' },
      },
    ]);
    log('there', 'warn');
    log('loud', 'loud' as 'warn');
    expect(lines.slice(1)).toMatchObject([{ level: 'warn' }, { level: 'info' }]);
    context.close();
  });

  it('tells the key and the metadata of the job', () => {
    const { job } = createContext({ attempts: 3 }, { y: 'customer-17', m: { of: 'test' } }).context;
    expect(job).toMatchObject({ key: 'customer-17', metadata: { of: 'test' } });
    expect(createContext().context.job).not.toHaveProperty('key');
  });

  it('has infinitely many attempts for a job without a limit', () => {
    expect(createContext({ attempts: 'unlimited' }).context.job.maxAttempts).toBe(Number.POSITIVE_INFINITY);
  });

  it('makes a signal only on first use', () => {
    const { context, signals } = createContext();
    expect([context.job.task, signals.length]).toEqual(['echo', 0]);
    expect(context.signal).toBe(signals[0]);
  });

  it('has one hidden class for all attempts: its own would outlive the attempt, with all that it holds', () => {
    expect(haveSameShape(createContext().context, createContext().context)).toBe(true);
  });
});
