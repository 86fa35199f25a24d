import { expect, it } from 'vitest';
import { Readiness } from '../../../src/schemas/service/readiness.ts';
import { expectShape } from '../../helpers/api/expect-schema.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { startWorker } from '../../helpers/workers/worker-process.ts';

const redis = useRedis();
const first = useApi(redis);
const other = useApi(redis, { DEAD_TTL_MS: '60000' });

it('says which settings other processes have with other values, and is ready all the same', async () => {
  const body = await until(async () => {
    const answer = await other.http.get('/readyz').expect(200);
    return answer.body.warnings !== undefined && answer.body;
  }, 'a warning');
  expectShape(Readiness, body);
  expect(body).toMatchObject({
    ready: true,
    warnings: [expect.stringMatching(/^DEAD_TTL_MS is 60000 here, and 2592000000 in the API on /)],
  });
});

it('a worker logs them', async () => {
  const worker = await startWorker(redis.url, {
    QUEUES: 'w',
    RESULT_TTL_MS: '5000',
    DEAD_TTL_MS: '60000',
    LOG_LEVEL: 'info',
  });
  const isAbout = (text: string) => (line: Record<string, unknown>) => String(line['text']).startsWith(text);
  await worker.line('settings-differ', isAbout('RESULT_TTL_MS is 5000 here, and 86400000 in the API on '));
  await worker.line('settings-differ', isAbout('DEAD_TTL_MS is 60000 here, and 2592000000 in the API on '));
  expect(await worker.stop()).toBe(0);
  await first.http.get('/livez').expect(200);
});
