import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import supertest from 'supertest';
import { describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../../src/local/redis-server.ts';
import { expectAway } from '../../helpers/api/outage.ts';
import { startApi } from '../../helpers/api/server.ts';
import { until } from '../../helpers/redis/server.ts';

describe('an API that starts before Redis', () => {
  it('answers 503 until Redis is up, then accepts jobs', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mr-late-'));
    let server: RedisServer | undefined;
    let app: FastifyInstance | undefined;
    try {
      const first = await startRedis({ dir, persistent: false });
      await first.stop();
      const started = await startApi(first.url);
      app = started.app;
      const http = supertest(started.origin);
      await http.get('/livez').expect(200);
      await http.get('/readyz').expect(503);
      expectAway(await http.post('/jobs').send({ task: 'echo' }));
      server = await first.restart();
      await until(async () => (await http.get('/readyz')).status === 200, 'readiness');
      const { body } = await http.post('/jobs').send({ task: 'echo' }).expect(202);
      const waiter = http.get(`/jobs/${body.id}?wait=50`).then((answer) => answer.body);
      await http.post(`/jobs/${body.id}/cancel`).expect(200);
      expect(await waiter).toMatchObject({ id: body.id, status: 'cancelled' });
    } finally {
      await app?.close();
      await server?.stop();
      await rm(dir, { recursive: true, force: true });
    }
  });
});
