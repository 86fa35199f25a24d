import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createObserver } from '../../src/observer.ts';
import { plainLine } from '../../src/telemetry/log.ts';
import { logObserver } from '../../src/telemetry/log-observer.ts';

it('a text of a client or worker forges no line and no colour of a log', () => {
  const written: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => written.push(plainLine(line)) });
  const observe = createObserver(logObserver(logger));
  const odd = 'a\r\n{"level":50,"msg":"forged"}\n\u001b[31mred\u009b31m\u007f\u2028\u2029\u0000\t"';
  const subject = { queue: 'q', task: 't', job: 'j', attempt: 1, lease: 'l' };
  observe({ kind: 'attempt-failed', error: odd, next: odd, maxAttempts: 3, ...subject });
  observe({ kind: 'task-log', text: odd, level: 'info', ...subject });
  observe({ kind: 'defect', where: odd, error: new Error(odd) });
  expect(written).toHaveLength(3);
  for (const line of written) {
    expect(line.replace(/\n$/, '')).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    expect(JSON.parse(line).msg).not.toBe('forged');
  }
  expect(JSON.parse(written[1] ?? '').text).toBe(odd);
});
