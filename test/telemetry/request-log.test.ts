import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { requestLog } from '../../src/telemetry/request-log.ts';

function logged(level: string) {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write: (text, _, done) => {
      lines.push(JSON.parse(String(text)));
      done();
    },
  });
  return { lines, log: requestLog(pino({ level, base: null, timestamp: false }, sink)) };
}

const request = {
  kind: 'http-request',
  method: 'POST',
  route: '/jobs',
  status: 202,
  durationMs: 1.26,
  reqId: 'r1',
} as const;

describe('the log of requests', () => {
  it('has a line for each request', () => {
    const { lines, log } = logged('info');
    log.observe({ ...request, caller: 'k1', job: 'default~n1-0' });
    log.observe({ ...request, isAborted: true });
    const line = {
      level: 30,
      method: 'POST',
      route: '/jobs',
      status: 202,
      ms: 1.3,
      requestId: 'r1',
      msg: 'request',
    };
    expect(lines).toEqual([
      { ...line, key: 'k1', job: 'default~n1-0' },
      { ...line, aborted: true },
    ]);
  });

  it('takes in nothing else, and nothing at a level above info', () => {
    expect(logged('info').log.wants('http-request')).toBe(true);
    expect(logged('info').log.wants('defect')).toBe(false);
    expect(logged('warn').log.wants('http-request')).toBe(false);
  });
});
