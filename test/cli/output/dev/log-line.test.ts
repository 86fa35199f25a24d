import { describe, expect, it } from 'vitest';
import { devLogLine } from '../../../../src/cli/output/dev/log-line.ts';
import { paintFor } from '../../../../src/cli/output/paint.ts';

const HEAD = { time: 1, pid: 2, hostname: 'h', name: 'millrace-worker', worker: 'w1' };
const FAILED = {
  ...{ level: 40, ...HEAD, queue: 'default', task: 'resize', job: 'default~n1-0', attempt: 1, lease: 'w1' },
  ...{ maxAttempts: 3, error: 'cannot decode broken.png', next: 'retry in 567 ms', retryInMs: 567 },
  msg: 'attempt-failed',
};

const shown = (line: object | string, showsAll = false, isColored = false) =>
  devLogLine('worker', typeof line === 'string' ? line : JSON.stringify(line), {
    ...{ paint: paintFor(isColored), showsAll, dir: '/home/me/app' },
  });

describe('a line of dev', () => {
  it.each([
    ['default~n1-0 attempt 1/3 failed: cannot decode broken.png, again in 567 ms', {}],
    [
      'default~n1-0 attempt 1/3 failed at tasks/resize.mts:4:11: cannot decode broken.png, again in 1.3 s',
      { file: '/home/me/app/tasks/resize.mts:4:11', retryInMs: 1_340 },
    ],
    [
      'default~n1-0 attempt 3/3 failed at /srv/lib.js:1:2: cannot decode broken.png, no attempt follows',
      { file: '/srv/lib.js:1:2', attempt: 3, retryInMs: undefined },
    ],
    [
      'default~n1-0 attempt 1 failed: cannot decode broken.png, again at once',
      { maxAttempts: 'unlimited', retryInMs: 0 },
    ],
  ])('tells a failed attempt: %s', (text, members) => {
    expect(shown({ ...FAILED, ...members })).toBe(`worker  resize ${text}`);
  });

  it('shows what a task logs, a warning as such', () => {
    const line = (level: number, text: string) => ({
      ...{ level, ...HEAD, queue: 'default', task: 'resize', job: 'default~n1-0', lease: 'w1' },
      ...{ text, msg: 'task-log' },
    });
    expect(shown(line(30, 'begins'))).toBe('worker  resize default~n1-0: begins');
    expect(shown(line(40, 'skips'))).toBe('worker  warning: resize default~n1-0: skips');
    expect(shown(line(50, 'fails'), false, true)).toBe(
      '\u001b[2mworker\u001b[22m  \u001b[31merror\u001b[39m: resize default~n1-0: fails',
    );
  });

  it('shows other lines only if they warn, or all are wanted', () => {
    const line = { level: 30, ...HEAD, service: 'worker', queues: ['default'], msg: 'ready' };
    expect(shown(line)).toBeUndefined();
    expect(shown(line, true)).toBe('worker  ready service=worker queues=["default"]');
    expect(shown({ level: 40, ...HEAD, queue: 'default', lease: 'w1', msg: 'lease-lost' })).toBe(
      'worker  warning: lease lost queue=default',
    );
  });

  it('shows the message of an error, and its place in a file of yours', () => {
    const stack = 'Error: no\n    at handler (file:///home/me/app/tasks/a.mjs:7:9)';
    const err = { type: 'Error', message: 'no', stack };
    const line = { level: 50, ...HEAD, origin: 'timer', from: 'unknown', err, msg: 'uncaught-error' };
    expect(shown(line)).toBe(
      'worker  error: uncaught error origin=timer from=unknown at tasks/a.mjs:7:9: no',
    );
  });

  it('shows what is no line of the log as it is, and nothing that a terminal acts on', () => {
    expect(shown('printed by a task')).toBe('worker  printed by a task');
    expect(shown('{"level":1,')).toBe('worker  {"level":1,');
    const own = JSON.stringify({ level: 30, name: 'mine', msg: 'task-log' });
    expect(shown(own)).toBe(`worker  ${own}`);
    expect(shown('{"level":"high","msg":1}')).toBe('worker  {"level":"high","msg":1}');
    expect(shown('\u001b[2J')).toBe('worker  \\u001b[2J');
    expect(shown({ ...FAILED, error: 'a\n\u001b[2Jb' })).toContain('failed: a\\n\\u001b[2Jb, again');
  });
});
