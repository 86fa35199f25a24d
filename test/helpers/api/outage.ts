import { performance } from 'node:perf_hooks';
import { expect } from 'vitest';
import { type TestRedis, until } from '../redis/server.ts';
import { expectProblem } from './expect-schema.ts';
import { type Answer, JSON_TYPE, type Message, NDJSON_TYPE, send } from './send.ts';
import type { TestApi } from './server.ts';

/** About a second on an idle machine; without a deadline nobody would be answered at all. */
export const AWAY_DEADLINE_MS = 15_000;

/** Of a form that could be one. */
const LEASE = `me.${'0'.repeat(24)}~n5c~default`;

const get = (...paths: readonly string[]): Message[] => paths.map((path) => ({ method: 'GET', path }));
const json = (path: string, body: string): Message => ({ path, headers: JSON_TYPE, body });
const put = (path: string, body: string): Message => ({ ...json(path, body), method: 'PUT' });

/** A request for each route. Those that submit jobs come first. */
export const ROUTES: readonly Message[] = [
  json('/jobs', '{"task":"echo"}'),
  json('/jobs', '{"task":"echo","delay":"1h"}'),
  json('/jobs?wait=30', '{"task":"echo"}'),
  json('/jobs/batch', '{"jobs":[{"task":"echo"},{"task":"echo"}]}'),
  { path: '/jobs/batch', headers: NDJSON_TYPE, body: '{"task":"echo"}\n'.repeat(5_000) },
  json('/jobs/batch?atomic=true', '{"jobs":[{"task":"echo"}]}'),
  ...get('/jobs/default~n1-0', '/jobs/default~n1-0?wait=30', '/jobs/default~n1-0/events'),
  { path: '/jobs/default~n1-0/cancel' },
  { method: 'DELETE', path: '/jobs/default~n1-0' },
  ...get('/queues', '/queues/default/stats', '/queues/default/jobs', '/queues/default/pending'),
  ...get('/queues/default/history', '/pending', '/tasks'),
  { path: '/queues/default/pause' },
  { path: '/queues/default/resume' },
  json('/leases', '{"queues":["default"]}'),
  json('/leases', '{"queues":["default"],"waitMs":30000}'),
  { path: `/leases/${LEASE}/heartbeat` },
  json(`/leases/${LEASE}/settle?next=1`, '{"release":[{"id":"default~n1-0"}]}'),
  json('/jobs/default~n1-0/complete', `{"lease":"${LEASE}"}`),
  json('/jobs/default~n1-0/progress', `{"lease":"${LEASE}","progress":1}`),
  { method: 'PUT', path: '/queues/default/tasks/echo' },
  put('/schedules/x', '{"every":"1h","job":{"task":"echo"}}'),
  ...get('/schedules', '/schedules/x', '/schedules/x/preview'),
  { path: '/schedules/x/pause' },
  { path: '/schedules/x/resume' },
  { path: '/schedules/x/run' },
  json('/schedules/preview', '{"every":"1h"}'),
  { method: 'DELETE', path: '/schedules/x' },
  put('/queues/default/subscriptions/a', '{}'),
  ...get('/queues/default/subscriptions', '/queues/default/subscriptions/a'),
  { method: 'DELETE', path: '/queues/default/subscriptions/a' },
  json('/queues/default/subscriptions/a/read', '{"waitMs":30000}'),
  json('/queues/default/subscriptions/a/ack', '{"ids":["1-1-1"]}'),
];
/** They do not end by themselves where Redis answers. */
export const STREAMS: readonly Message[] = [
  ...get('/queues/default/events', '/events'),
  { method: 'GET', path: '/events', headers: { 'last-event-id': '0-0' } },
];

/** The answer says that Redis is away, and when to ask again. */
export function expectAway(answer: Answer): void {
  expectProblem(answer, 503, 'redis-unavailable');
  expect(answer.headers['retry-after']).toBe('1');
}

const CONNECTIONS = ['millrace-api', 'millrace-api-events', 'millrace-api-polls'];

/** What an API answers while its Redis is away, and after that. */
export function outageOf(redis: TestRedis, api: TestApi) {
  async function timed(message: Message): Promise<Answer> {
    const began = performance.now();
    const answer = await send(api.origin, message);
    expect(performance.now() - began, message.path).toBeLessThan(AWAY_DEADLINE_MS);
    return answer;
  }

  async function expectAllAway(): Promise<void> {
    expect((await timed({ method: 'GET', path: '/livez' })).status).toBe(200);
    const ready = await timed({ method: 'GET', path: '/readyz' });
    expect([ready.status, ready.body.ready]).toEqual([503, false]);
    expect(ready.body.reasons.join()).toMatch(/^Redis does not answer: ./);
    // Errors of the client keep their own status.
    expectProblem(await timed({ path: '/jobs', headers: JSON_TYPE, body: '{}' }), 400, 'invalid-request', [
      '/task',
    ]);
    for (const message of [...ROUTES, ...STREAMS]) expectAway(await timed(message));
  }

  /** Each connection of the service comes back at a time of its own. */
  async function healed(): Promise<void> {
    await until(async () => (await api.http.get('/readyz')).status === 200, 'a service that is ready again');
    await until(async () => {
      const names = [
        ...String(await redis.client.client('LIST').catch(() => '')).matchAll(/ name=(\S*)/g),
      ].map(([, name]) => name);
      return CONNECTIONS.every((name) => names.includes(name));
    }, 'the connections of the service');
  }

  async function expectAllWell(): Promise<void> {
    await healed();
    for (const message of ROUTES.filter(({ path, body }) => !`${path}${body}`.includes('wait'))) {
      expect((await send(api.origin, message)).status, message.path).toBeLessThan(500);
    }
    const { id } = await api.submit({ task: 'echo', queue: 'healed' });
    await api.http.post(`/jobs/${id}/cancel`).expect(200);
    expect((await api.finished(id)).status).toBe('cancelled');
  }

  return {
    timed,
    expectAllAway,
    healed,
    expectAllWell,
    suspend: () => process.kill(redis.server.pid, 'SIGSTOP'),
    resume: () => process.kill(redis.server.pid, 'SIGCONT'),
  };
}
