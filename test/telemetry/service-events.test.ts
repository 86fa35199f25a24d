import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RemoteKeys } from '../../src/access/tokens/remote-keys.ts';
import { systemClock } from '../../src/clock.ts';
import { CertificateWatch } from '../../src/http/network/certificate-watch.ts';
import { Refusals } from '../../src/http/network/refusals.ts';
import { createOrphanReaper, type OrphanReaper } from '../../src/orphan-reaper.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { MAX_SERVED } from '../../src/schemas/values/queue-patterns.ts';
import { announceTasks } from '../../src/tasks/announcements.ts';
import { ServedQueues } from '../../workers/supervisor/served-queues.ts';
import { useApi } from '../helpers/api/server.ts';
import { openStream } from '../helpers/events/sse-client.ts';
import { newQueue, takeOne } from '../helpers/leases/http-worker.ts';
import { createTestCore } from '../helpers/redis/core.ts';
import { until, useRedis } from '../helpers/redis/server.ts';
import {
  expectMembers,
  LIFE_EVENTS,
  type SeenEvent,
  toEvent,
  unknownKinds,
} from '../helpers/telemetry/event-members.ts';
import { recordEvents } from '../helpers/telemetry/recorder.ts';
import { FIRST, SECOND, writePair } from '../helpers/tls/pairs.ts';
import { startApiProcess } from '../helpers/workers/built-processes.ts';
import { useWorker } from '../helpers/workers/worker-process.ts';

const SECRET = 'not for any log';
const redis = useRedis();
const recorder = recordEvents();
const { ofKind } = recorder;
const api = useApi(redis, { UNKNOWN_TASKS: 'reject' }, recorder.observe);
const shared = useWorker(redis, { QUEUES: 'w', CONCURENCY: '2', DEAD_MAX: '5' });

describe('a worker', () => {
  it('reports the queues that fit its patterns, and that there are too many', async () => {
    const core = createTestCore(redis.client, { prefix: 'many' }, recorder.observe);
    await core.queues.register(Array.from({ length: MAX_SERVED + 1 }, (_, i) => `q${i}`));
    const handlers = { onJoin: async () => undefined, onRead: () => undefined, onLeave: () => undefined };
    await new ServedQueues(core, ['q*'], handlers).refresh();
    expect(ofKind('queues-changed')).toMatchObject([{ left: [] }]);
    expect(ofKind('too-many-queues')).toMatchObject([{ served: MAX_SERVED, leftOut: 1, most: MAX_SERVED }]);
  });
});

describe('an API', () => {
  it('reports waits, and how they end', async () => {
    const queue = newQueue();
    const { id } = await api.submit({ task: 'a', queue });
    await api.http.get(`/jobs/${id}?wait=1`).expect(200);
    const wait = { on: 'job', queues: [queue], job: id };
    expect(ofKind('wait-started').at(-1)).toEqual({ kind: 'wait-started', ...wait, waitMs: 1_000 });
    expect(ofKind('wait-ended').at(-1)).toMatchObject({ ...wait, outcome: 'timed-out' });
    expect(ofKind('wait-ended').at(-1)?.durationMs).toBeGreaterThan(900);
    const other = newQueue();
    const taking = takeOne(api, { queues: [other] });
    const isOther = ({ queues }: { queues: readonly string[] }) => queues.includes(other);
    await until(() => ofKind('wait-started').some(isOther), 'the wait');
    await api.submit({ task: 'a', queue: other });
    await taking;
    expect(ofKind('wait-ended').find(isOther)).toMatchObject({ on: 'work', outcome: 'enough' });
  });

  it('reports keys of tokens that cannot be read', async () => {
    await new RemoteKeys('http://127.0.0.1:1/', systemClock, recorder.observe).start();
    expect(ofKind('keys-trouble')).toMatchObject([{ where: 'JWKS_URL', error: expect.any(Error) }]);
  });

  it('reports changed certificates and refused connections', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mr-tls-'));
    const files = await writePair(dir, SECOND);
    const watch = new CertificateWatch(files, FIRST, () => undefined, recorder.observe);
    for (let look = 0; look < 2; look += 1) await watch.run();
    await rm(dir, { recursive: true });
    for (let look = 0; look < 2; look += 1) await watch.run();
    expect(ofKind('certificate-loaded')).toHaveLength(1);
    expect(ofKind('certificate-refused')).toHaveLength(1);
    const refusals = new Refusals(recorder.observe);
    refusals.count('MAX_CONNECTIONS', '203.0.113.7');
    refusals.tell();
    expect(ofKind('connections-refused')).toHaveLength(1);
  });

  it('reports that a queue was removed', async () => {
    const queue = newQueue();
    await api.http.put(`/queues/${queue}`).send({ maxJobs: 1 }).expect(200);
    await api.http.delete(`/queues/${queue}`).expect(204);
    expect(ofKind('queue-removed')).toContainEqual({ kind: 'queue-removed', queue });
  });

  it('reports a schema that it cannot use', async () => {
    const queue = newQueue();
    const schema = { type: 'nonsense' };
    await announceTasks(redis.client, queueKeys('mr', queue), [{ name: 'a', input: schema }]);
    await api.submit({ task: 'a', queue });
    await api.submit({ task: 'a', queue });
    const reason = expect.stringContaining('type');
    expect(ofKind('schema-unusable')).toEqual([{ kind: 'schema-unusable', queue, task: 'a', reason }]);
  });

  it('reports streams of events', async () => {
    const queue = newQueue();
    await api.submit({ task: 'a', queue });
    const stream = await openStream(api.origin, `/queues/${queue}/events`);
    expect(ofKind('stream-opened')).toEqual([{ kind: 'stream-opened', queue }]);
    stream.close();
    await until(() => ofKind('stream-closed').length > 0, 'the end of the stream');
    expect(ofKind('stream-closed')).toMatchObject([{ queue, reason: 'ended' }]);
  });

  it('reports requests by the pattern of their route', async () => {
    const isThis = ({ route }: { route: string }) => route === '/jobs/:id';
    await api.http.get('/jobs/none').expect(404);
    await until(() => ofKind('http-request').some((event) => isThis(event) && event.status === 404), 'it');
    await api.http.get('/nowhere').expect(404);
    await until(() => ofKind('http-request').some(({ route }) => route === ''), 'a request without a route');
  });

  it('reports troubles of Redis and defects, with the id of the request', async () => {
    await redis.client.config('SET', 'maxmemory', '1');
    const refused = await api.http.post('/jobs').send({ task: 'a', queue: newQueue() });
    await redis.client.config('SET', 'maxmemory', '0');
    expect(refused.status).toBe(503);
    const { requestId } = refused.body as { requestId: string };
    expect(ofKind('redis-trouble').find((event) => event.reqId === requestId)).toMatchObject({
      where: 'POST /jobs',
      error: expect.any(Error),
    });
    const queue = newQueue();
    await api.submit({ task: 'a', queue });
    await redis.client.set(`mr:{${queue}}:events`, 'no stream');
    const broken = await api.http.get(`/queues/${queue}/history`).expect(500);
    await redis.client.del(`mr:{${queue}}:events`);
    expect(ofKind('defect')).toMatchObject([
      { where: 'GET /queues/:name/history', reqId: (broken.body as { requestId: string }).requestId },
    ]);
  });
});

describe('a schedule', () => {
  it('reports its firings and the slots that it skips, wherever it is fired', async () => {
    const queue = newQueue();
    const job = { task: 'a', queue, payload: SECRET };
    await api.http.put('/schedules/often').send({ every: '1s', overlap: 'skip', job }).expect(201);
    const all = () => [
      ...recorder.events,
      ...shared.worker.lines.map(({ msg, ...event }) => ({ ...event, kind: msg })),
    ];
    const of = (kind: string) => all().find((event) => event.kind === kind);
    const skipped = await until(() => of('schedule-skipped'), 'a skipped slot');
    const subject = { queue, task: 'a', schedule: 'often' };
    expect(of('schedule-fired')).toMatchObject({ ...subject, jobs: 1, lateMs: expect.any(Number) });
    expect(skipped).toMatchObject({ ...subject, slots: 1, reason: 'overlap' });
    await api.http.delete('/schedules/often').expect(204);
  });
});

describe('the events of the service', () => {
  const seen: SeenEvent[] = [];
  let leash: OrphanReaper;
  beforeAll(async () => {
    leash = createOrphanReaper();
    const other = await startApiProcess(redis.url, leash, { LOG_LEVEL: 'info' });
    // Its first answer may come before its line.
    const isReady = () => other.child.lastLines().some((text) => text.includes('"ready"'));
    await until(isReady, 'the line of the API that is ready');
    await other.stop();
    await shared.worker.line('settings-differ');
    expect(await shared.worker.stop()).toBe(0);
    seen.push(
      ...recorder.events.map((event) => ({ ...event })),
      ...other.child.lastLines().map((text) => toEvent(JSON.parse(text))),
      ...shared.worker.lines.map(toEvent),
    );
  });
  afterAll(() => leash.end());

  it('tell when an API begins and ends, and that a setting differs', () => {
    const own = seen.filter(({ name }) => name === 'millrace-api');
    // At its exit a process writes what is left of its log while an earlier write is still under way.
    own.sort((one, other) => Number(one['time']) - Number(other['time']));
    expect(own.filter(({ kind }) => kind !== 'settings-differ')).toMatchObject([
      { kind: 'ready', service: 'api', address: expect.stringContaining('http://') },
      { kind: 'stopping', why: 'SIGTERM' },
      { kind: 'stopped' },
    ]);
    expect(own).toContainEqual(
      expect.objectContaining({
        kind: 'settings-differ',
        text: expect.stringMatching(/^DEAD_MAX is 10000 here, and 5 in the worker on /),
      }),
    );
  });

  it.each(Object.entries(LIFE_EVENTS))('include %s with its members', (kind, members) => {
    expectMembers(seen, kind, members);
  });

  it('are of no unknown kind', () => {
    expect(unknownKinds(seen)).toEqual([]);
  });

  it('hold no payload and no result', () => {
    expect(JSON.stringify(seen)).not.toContain(SECRET);
  });
});
