import { expect, it } from 'vitest';
import { expectAway, outageOf } from '../../helpers/api/outage.ts';
import { JSON_TYPE } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { post, take } from '../../helpers/leases/http-worker.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const { timed, suspend, resume, healed } = outageOf(redis, api);

const MIB = 1_048_576;
const long = 'x'.repeat(4 * MIB);
const LINES = 40_000;
const lines = Array.from({ length: LINES }, (_, i) => `${i} ${'y'.repeat(90)}`);
const fits = 'z'.repeat(MIB - 100);

/** A large report, and what the job shows of it. */
const REPORTS: Readonly<Record<string, readonly [path: string, report: object, shown: object]>> = {
  progress: [
    'progress',
    { progress: long },
    { status: 'running', progress: expect.stringMatching(/^x{2000}…$/) },
  ],
  log: ['log', { log: lines }, { status: 'running' }],
  result: ['complete', { result: fits }, { status: 'completed', result: fits }],
  'result that is too large': [
    'complete',
    { result: long },
    { status: 'failed', error: expect.objectContaining({ name: 'result-too-large' }) },
  ],
  error: [
    'fail',
    { error: { message: long }, retryable: false },
    { status: 'failed', error: expect.objectContaining({ message: expect.stringMatching(/^x+…$/) }) },
  ],
};

it('large reports are refused with 503 while Redis hangs, and nothing of them is lost when they are sent again', async () => {
  const kinds = Object.entries(REPORTS);
  await post(api, '/jobs/batch', { jobs: kinds.map(() => ({ task: 'a' })) });
  const { lease, jobs } = await take(api, { queues: ['default'], max: kinds.length, leaseMs: 600_000 });
  const messages = kinds.map(([, [path, report]], i) => ({
    path: `/jobs/${jobs[i]?.id}/${path}?lease=${lease}`,
    headers: JSON_TYPE,
    body: JSON.stringify(report),
  }));
  suspend();
  try {
    for (const answer of await Promise.all(messages.map(timed))) expectAway(answer);
  } finally {
    resume();
  }
  await healed();
  const answers = await Promise.all(messages.map(timed));
  expect(answers.map(({ status }) => status)).toEqual(kinds.map(() => 200));
  for (const [i, [kind, [, , shown]]] of kinds.entries()) {
    expect(await api.get(jobs[i]?.id ?? ''), kind).toMatchObject(shown);
  }
  const { body: log } = await api.http.get(`/jobs/${jobs[1]?.id}/logs`).expect(200);
  expect(log.dropped + log.items.length).toBe(LINES);
  expect(log.items.at(-1)).toMatchObject({ message: lines.at(-1) });
});
