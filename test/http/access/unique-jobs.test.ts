import { describe, expect, it } from 'vitest';
import { bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { submitter } from '../../helpers/unique/submit.ts';

const redis = useRedis();
const api = useApi(redis, WITH_KEYS);
const submit = submitter(api, { task: 'echo', queue: 'places', unique: { key: 'k' } });

describe('a client that may submit, but not read', () => {
  it('learns of the job that has its place only that it is there', async () => {
    const [reader, writer] = await Promise.all([
      makeKey(api.origin, ['submit', 'read']),
      makeKey(api.origin, ['submit']),
    ]);
    const { body: first } = await submit({ payload: 'secret', metadata: { a: 'b' } }, bearer(reader.key));
    expect(first.payload).toBe('secret');
    const found = await submit({ payload: 'other' }, { ...bearer(writer.key), prefer: 'wait=30' });
    expect([found.status, found.headers['job-deduplicated']]).toEqual([200, 'true']);
    expect(Object.keys(found.body).sort()).toEqual(
      ['attempt', 'createdAt', 'id', 'maxAttempts', 'queue', 'status', 'task'].sort(),
    );
    const shown = await submit({ payload: 'other' }, bearer(reader.key));
    expect(shown.body).toMatchObject({ id: first.id, payload: 'secret' });
  });

  it('learns no more of it from a run of a schedule', async () => {
    const [reader, manager] = await Promise.all([
      makeKey(api.origin, ['submit', 'read']),
      makeKey(api.origin, ['submit', 'manage']),
    ]);
    await submit({ payload: 'secret' }, bearer(reader.key));
    const job = { task: 'echo', queue: 'places', payload: 'other', unique: { key: 'k' } };
    const schedule = { every: '1d', job };
    const put = api.http.put('/schedules/daily').set(bearer(manager.key)).send(schedule);
    expect((await put).status).toBe(201);
    const run = await api.http.post('/schedules/daily/run').set(bearer(manager.key));
    expect([run.status, run.headers['job-deduplicated']]).toEqual([200, 'true']);
    expect(run.body).toHaveProperty('status');
    expect(run.body).not.toHaveProperty('payload');
  });
});
