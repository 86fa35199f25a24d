import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createObserver, type ServiceEvent } from '../../src/observer.ts';
import { LEVELS, logObserver } from '../../src/telemetry/log-observer.ts';

function logAt(level: string) {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ level, base: null }, { write: (text: string) => lines.push(JSON.parse(text)) });
  return { observe: createObserver(logObserver(logger)), lines };
}

const STARTED: ServiceEvent = { kind: 'child-started', consumer: 'w1', pid: 7 };

describe('the log of events', () => {
  it('has a line for an event: the kind is its message, the members are its fields', () => {
    const { observe, lines } = logAt('debug');
    observe(STARTED);
    expect(lines).toEqual([
      { level: 20, time: expect.any(Number), consumer: 'w1', pid: 7, msg: 'child-started' },
    ]);
  });

  it('has the stack of an error', () => {
    const { observe, lines } = logAt('info');
    observe({ kind: 'defect', where: 'GET /jobs/:id', error: new TypeError('broken'), reqId: 'r1' });
    expect(lines).toEqual([
      expect.objectContaining({
        level: 50,
        msg: 'defect',
        where: 'GET /jobs/:id',
        reqId: 'r1',
        err: expect.objectContaining({ type: 'TypeError', message: 'broken', stack: expect.any(String) }),
      }),
    ]);
    expect(lines[0]).not.toHaveProperty('error');
  });

  it('has what was thrown, even if it is no error', () => {
    const { observe, lines } = logAt('info');
    observe({ kind: 'redis-trouble', where: 'take', error: 'no error' });
    expect(lines).toMatchObject([{ msg: 'redis-trouble', where: 'take', error: 'no error' }]);
  });

  it.each(['debug', 'info', 'warn', 'error', 'silent'])(
    'wants no kind that is below the level %s',
    (level) => {
      const logger = pino({ level });
      const { wants } = logObserver(logger);
      const { 'task-log': _, ...levels } = LEVELS;
      for (const [kind, own] of Object.entries(levels)) {
        expect(wants(kind as keyof typeof LEVELS), kind).toBe(logger.isLevelEnabled(own));
      }
    },
  );

  it('has a line of a task at the level that the task gave it', () => {
    const { observe, lines } = logAt('warn');
    const subject = { queue: 'q', task: 't', job: 'j', lease: 'l' };
    for (const level of ['debug', 'info', 'warn', 'error'] as const)
      observe({ kind: 'task-log', ...subject, text: level, level });
    expect(lines.map(({ level, text }) => [level, text])).toEqual([
      [40, 'warn'],
      [50, 'error'],
    ]);
  });
});
