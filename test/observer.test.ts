import { expect, it } from 'vitest';
import { Submitter } from '../src/jobs/submit/submitter.ts';
import { createObserver, NO_OBSERVER, type Observer, type ServiceEvent } from '../src/observer.ts';
import { createTestCore } from './helpers/redis/core.ts';
import { useRedis } from './helpers/redis/server.ts';

const STOPPED: ServiceEvent = { kind: 'stopped' };
const redis = useRedis();

it('wants nothing without listeners', () => {
  expect(NO_OBSERVER.wants('defect')).toBe(false);
  expect(() => NO_OBSERVER(STOPPED)).not.toThrow();
});

it('passes an event to each listener that wants its kind, and to no other', () => {
  const heard: string[] = [];
  const observe = createObserver(
    { wants: (kind) => kind === 'stopped', observe: ({ kind }) => heard.push(`first: ${kind}`) },
    { wants: (kind) => kind === 'stopping', observe: ({ kind }) => heard.push(`second: ${kind}`) },
  );
  observe(STOPPED);
  observe({ kind: 'stopping', why: 'SIGTERM' });
  observe({ kind: 'child-started', consumer: 'w1', pid: 1 });
  expect(heard).toEqual(['first: stopped', 'second: stopping']);
  expect(['stopped', 'child-started'].map((kind) => observe.wants(kind as 'stopped'))).toEqual([true, false]);
});

it('drops a listener that throws, and reports that to the others', () => {
  const error = new Error('broken');
  const heard: ServiceEvent[] = [];
  const observe = createObserver(
    {
      wants: () => true,
      observe: () => {
        throw error;
      },
    },
    { wants: () => true, observe: (event) => heard.push(event) },
  );
  observe(STOPPED);
  observe(STOPPED);
  expect(heard).toEqual([{ kind: 'defect', where: 'observer', error }, STOPPED, STOPPED]);
});

it('hides the arguments of a Redis command from listeners, since they may be payloads', () => {
  const heard: ServiceEvent[] = [];
  const observe = createObserver({ wants: () => true, observe: (event) => heard.push(event) });
  const error = Object.assign(new Error('OOM'), { command: { name: 'xadd', args: ['key', 'a payload'] } });
  observe({ kind: 'redis-trouble', where: 'POST /jobs', error });
  expect(heard).toMatchObject([{ error: { message: 'OOM', command: { name: 'xadd' } } }]);
  expect(JSON.stringify(heard)).not.toContain('a payload');
});

it('is not given an event of a submit that nobody wants', async () => {
  const events: ServiceEvent[] = [];
  const unwanted: Observer = Object.assign((event: ServiceEvent) => void events.push(event), {
    wants: () => false,
  });
  const submitter = new Submitter(createTestCore(redis.client, {}, unwanted));
  const job = { task: 'echo', queue: 'quiet' };
  await submitter.submitAsText(job);
  await submitter.submit(job, 'a-key');
  await submitter.submit(job, 'a-key');
  await submitter.submitEach([{ ok: true, job }]);
  await submitter.submitTogether([{ ok: true, job }], { atomic: true, key: undefined });
  expect(events).toEqual([]);
});
