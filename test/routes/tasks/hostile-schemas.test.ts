import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrphanReaper, type OrphanReaper } from '../../../src/orphan-reaper.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { announceTasks } from '../../../src/tasks/announcements.ts';
import type { JsonSchema } from '../../../src/tasks/types.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { type ApiProcess, startApiProcess } from '../../helpers/workers/built-processes.ts';

const redis = useRedis();
let reaper: OrphanReaper;
let api: ApiProcess;
beforeAll(async () => {
  reaper = createOrphanReaper();
  api = await startApiProcess(redis.url, reaper);
});
afterAll(async () => {
  await api.stop();
  reaper.end();
});

const put = (task: string, input: JsonSchema) =>
  supertest(api.origin).put(`/queues/announced/tasks/${task}`).send({ input });
const submit = (queue: string, task: string, payload: unknown) =>
  supertest(api.origin).post('/jobs').send({ queue, task, payload });

/** The order in which a request and another one that is sent behind it are answered. */
async function orderOf(attack: PromiseLike<{ status: number }>) {
  const ends: string[] = [];
  const attacked = Promise.resolve(attack).then((answer) => {
    ends.push('attack');
    return answer;
  });
  const other = supertest(api.origin).get('/livez');
  await Promise.all([attacked, other.then(() => ends.push('other'))]);
  return { answer: await attacked, ends };
}

const members = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`member${i}`, { type: 'string', minLength: 1 }]),
  );
const bomb = {
  $ref: '#/$defs/d0',
  $defs: Object.fromEntries(
    Array.from({ length: 31 }, (_, i) => [
      `d${i}`,
      i === 30 ? { type: 'number' } : { allOf: Array(2).fill({ $ref: `#/$defs/d${i + 1}` }) },
    ]),
  ),
};
const LATE = `${'a'.repeat(45)}!`;

/** Schema, a payload, the status of its announcement, and that of the submit once an older release has announced it. */
const ATTACKS: Record<string, [schema: JsonSchema, payload: unknown, put: number, submit: number]> = {
  pattern: [{ type: 'string', pattern: '^(a+)+$' }, LATE, 200, 422],
  names: [{ patternProperties: { '^(a+)+$': true } }, { [LATE]: 1 }, 200, 422],
  bomb: [bomb, 1, 400, 422],
  unique: [
    { type: 'array', uniqueItems: true },
    Array.from({ length: 4_000 }, (_, i) => ({ a: 1, b: { c: i } })),
    200,
    202,
  ],
  long: [{ properties: members(16_000) }, {}, 400, 202],
  wide: [{ anyOf: Array(20_000).fill({ type: 'string' }) }, 1, 400, 202],
  deep: [JSON.parse(`${'{"not":'.repeat(2_000)}true${'}'.repeat(2_000)}`), 1, 400, 202],
};

describe('a schema that takes long', () => {
  it.each(Object.keys(ATTACKS))('is refused when it is announced, or holds up nobody: %s', async (name) => {
    const [schema, payload, status] = ATTACKS[name] ?? [];
    const announced = await orderOf(put(name, schema ?? true));
    expect(announced.answer).toMatchObject({ status });
    if (status === 400) return;
    const submitted = await orderOf(submit('announced', name, payload));
    expect(submitted.answer.status).toBe(ATTACKS[name]?.[3]);
  });

  it('holds up no request while a payload is checked, which is refused with what to do', async () => {
    const { answer, ends } = await orderOf(submit('announced', 'pattern', LATE));
    expect(ends).toEqual(['other', 'attack']);
    expect(answer).toMatchObject({
      status: 422,
      body: {
        code: 'invalid-payload',
        detail: expect.stringContaining('in time'),
        errors: [{ pointer: '/payload', detail: expect.stringMatching(/^takes too long to check: /) }],
      },
    });
    expect((await submit('announced', 'unique', [1, 2])).status).toBe(202);
  });

  it('that an older release has announced stops no API that starts later', async () => {
    const tasks = Object.entries(ATTACKS).map(([name, [input]]) => ({ name, input }));
    const honest = { name: 'honest', input: { type: 'number' } };
    await announceTasks(redis.client, queueKeys('mr', 'older'), [...tasks, honest]);
    await api.stop();
    api = await startApiProcess(redis.url, reaper);
    for (const [name, [, payload, , status]] of Object.entries(ATTACKS)) {
      expect([name, (await submit('older', name, payload)).status]).toEqual([name, status]);
      expect((await submit('older', 'honest', 1)).status).toBe(202);
    }
    expect((await submit('older', 'honest', 'text')).status).toBe(422);
    expect((await submit('announced', 'pattern', LATE)).status).toBe(422);
    expect((await submit('announced', 'pattern', 'aaa')).status).toBe(202);
    expect((await supertest(api.origin).get('/readyz')).status).toBe(200);
  });

  it('does not hold up a result: the work is done', async () => {
    const http = supertest(api.origin);
    await http.put('/queues/results/tasks/work').send({ output: { pattern: '^(a+)+$' } });
    const { body: job } = await http.post('/jobs').send({ queue: 'results', task: 'work' });
    const { body } = await http.post('/leases').send({ queues: ['results'] });
    const done = await http.post(`/jobs/${job.id}/complete`).send({ lease: body.lease, result: LATE });
    expect(done.status).toBe(200);
  });
});
