import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Job } from '../../../src/schemas/job.ts';
import { useApi } from '../../helpers/api/server.ts';
import { pathInProject } from '../../helpers/local/pages.ts';
import { useFolder } from '../../helpers/moving/program.ts';
import { useRedis } from '../../helpers/redis/server.ts';

// Celery and Sidekiq are no part of this project. What the scripts use of them has a stand-in here.
const folder = useFolder([
  'examples/moving/from_celery.py',
  'examples/moving/from_sidekiq.rb',
  'test/helpers/moving/stand_in_celery.py',
]);
const redis = useRedis();
const api = useApi(redis);

const HOUR_MS = 3_600_000;
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();
const env = () => ({
  MILLRACE_URL: api.origin,
  PYTHONPATH: pathInProject('clients/python/src'),
  RUBYLIB: pathInProject('test/helpers/moving'),
});
const write = (file: string, value: unknown) => writeFileSync(join(folder.dir, file), JSON.stringify(value));
const read = (file: string) => JSON.parse(readFileSync(join(folder.dir, file), 'utf8'));
const jobsOf = async (queue: string): Promise<Job[]> =>
  (await api.http.get(`/queues/${queue}/jobs`)).body.items;

const NOTHING = { callbacks: null, errbacks: null, chain: null, chord: null };
const message = (id: string, args: unknown[], { headers = {}, embed = {}, task = 'shop.charge' } = {}) => [
  { lang: 'py', task, id, eta: null, expires: null, group: null, retries: 0, ...headers },
  [args, { amount: 5 }, { ...NOTHING, ...embed }],
];

it('moves tasks of Celery with their times, and gives back what belongs together', async () => {
  const eta = inHours(2);
  const chained = message('chained', [4], { embed: { chain: [{ task: 'shop.mail' }] } });
  const grouped = message('grouped', [5], { headers: { group: 'a-group' } });
  const refused = message('refused', [6], { task: 'no task' });
  write('messages.json', {
    ready: [
      message('plain', [1]),
      grouped,
      message('later', [2], { headers: { eta: eta.replace('Z', '+00:00') } }),
      message('short', [3], { headers: { expires: inHours(1) } }),
      message('over', [7], { headers: { expires: inHours(-1) } }),
      chained,
      refused,
    ],
    unacked: [],
  });
  const args = ['from_celery.py', 'stand_in_celery:app', 'celery', 'shop'];
  const { code, output } = await folder.run(env(), 'python3', ...args);
  expect(output).toContain('Task grouped stays: it belongs to a group, chain or chord\n');
  expect(output).toMatch(/Task refused stays: .*\n/);
  expect(output).toContain('celery: 4 moved, 3 left\n');
  expect(code).toBe(1);
  expect(read('messages.json')).toEqual({ ready: [grouped, chained, refused], unacked: [] });

  const jobs = await jobsOf('shop');
  const common = { task: 'shop.charge', queue: 'shop' };
  expect(jobs).toHaveLength(3);
  expect(jobs).toMatchObject([
    { ...common, payload: { args: [1], kwargs: { amount: 5 } }, metadata: { celeryId: 'plain' } },
    { ...common, payload: { args: [3], kwargs: { amount: 5 } }, expiresAt: expect.any(String) },
    { ...common, payload: { args: [2], kwargs: { amount: 5 } }, runAt: eta },
  ]);

  // A break after the submit, and before the old message was gone.
  const late = message('later', [2], { headers: { eta: inHours(-1) } });
  write('messages.json', { ready: [message('plain', [1]), late], unacked: [] });
  expect(await folder.run(env(), 'python3', ...args)).toEqual({
    code: 0,
    output: 'celery: 2 moved, 0 left\n',
  });
  expect(await jobsOf('shop')).toHaveLength(3);
});

const item = (jid: string, more: object = {}) => ({
  item: { class: 'MailJob', args: [jid, 1], jid, queue: 'mails', retry: true, ...more },
});

it('moves jobs of Sidekiq in their order, with their times and remaining retries', async () => {
  const at = Math.floor(Date.now() / 1_000) + 7_200;
  const refused = item('refused', { class: 'no task' });
  write('jobs.json', {
    schedule: [
      { ...item('later', { retry: 3 }), at },
      { ...item('other', { queue: 'other' }), at },
    ],
    retry: [{ ...item('failed', { retry: 5, retry_count: 1 }), at }],
    mails: [item('second', { retry: false }), refused, item('first')],
    other: [],
  });
  const { code, output } = await folder.run(env(), 'ruby', 'from_sidekiq.rb', 'mails');
  expect(output).toMatch(/^Job refused \(no task\) stays: .*\n/);
  expect(output).toMatch(/scheduled moved: 1\nretries moved: 1\nmails moved: 2\nmails left: 1\n$/);
  expect(code).toBe(1);
  expect(read('jobs.json')).toMatchObject({
    schedule: [{ item: { jid: 'other' } }],
    retry: [],
    mails: [refused],
  });

  const runAt = new Date(at * 1_000).toISOString();
  const jobs = await jobsOf('mails');
  expect(jobs.filter(({ status }) => status === 'queued')).toMatchObject([
    { task: 'MailJob', payload: ['first', 1], maxAttempts: 26, metadata: { sidekiqJid: 'first' } },
    { task: 'MailJob', payload: ['second', 1], maxAttempts: 1 },
  ]);
  const scheduled = jobs.filter(({ status }) => status === 'scheduled');
  expect(scheduled.map(({ metadata }) => metadata?.['sidekiqJid']).sort()).toEqual(['failed', 'later']);
  for (const job of scheduled) expect(job).toMatchObject({ maxAttempts: 4, runAt });

  // A break after the submit, and before the old job was gone.
  write('jobs.json', {
    schedule: [{ ...item('later', { retry: 3 }), at: 1 }],
    retry: [],
    mails: [item('first')],
  });
  expect(await folder.run(env(), 'ruby', 'from_sidekiq.rb')).toEqual({
    code: 0,
    output: 'scheduled moved: 1\nmails moved: 1\n',
  });
  expect((await jobsOf('mails')).filter(({ status }) => status === 'queued')).toHaveLength(2);
});
