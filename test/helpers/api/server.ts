import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import supertest from 'supertest';
import { afterAll, beforeAll } from 'vitest';
import { buildApp } from '../../../src/app.ts';
import { loadConfig } from '../../../src/config.ts';
import type { Observer } from '../../../src/observer.ts';
import type { Job } from '../../../src/schemas/job.ts';
import { type TestRedis, until } from '../redis/server.ts';

export interface TestApi {
  readonly app: FastifyInstance;
  /** Requests over a real socket. */
  readonly http: ReturnType<typeof supertest>;
  readonly origin: string;
  /** Submits a job that must be accepted. */
  submit(job: object): Promise<Job>;
  /** The job as it is. */
  get(id: string): Promise<Job>;
  /** Waits for the end of the job. */
  finished(id: string): Promise<Job>;
}

/** Starts an API of its own on a free port. */
export async function startApi(
  redisUrl: string,
  env: NodeJS.ProcessEnv = {},
  observe?: Observer,
): Promise<{ app: FastifyInstance; origin: string }> {
  const config = loadConfig({ REDIS_URL: redisUrl, PORT: '0', ...env });
  const app = await buildApp(config, observe);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { app, origin: `http://127.0.0.1:${port}` };
}

/** As `startApi`, once it answers. */
export async function startReadyApi(
  redisUrl: string,
  env: NodeJS.ProcessEnv = {},
  observe?: Observer,
): ReturnType<typeof startApi> {
  const started = await startApi(redisUrl, env, observe);
  await until(async () => (await supertest(started.origin).get('/readyz')).status === 200, 'a ready API');
  return started;
}

/** An API for the tests of one file, in this process, listening on a free port. */
export function useApi(
  redis: Pick<TestRedis, 'url'>,
  env: NodeJS.ProcessEnv = {},
  observe?: Observer,
): TestApi {
  let app: FastifyInstance;
  let origin: string;

  beforeAll(async () => {
    ({ app, origin } = await startReadyApi(redis.url, env, observe));
  });
  afterAll(() => app.close());

  return {
    get app() {
      return app;
    },
    get origin() {
      return origin;
    },
    get http() {
      return supertest(origin);
    },
    async submit(job) {
      const answer = await supertest(origin).post('/jobs').send(job);
      if (answer.status !== 202) throw new Error(`submit answered ${answer.status}: ${answer.text}`);
      return answer.body as Job;
    },
    async get(id) {
      return (await supertest(origin).get(`/jobs/${id}`)).body as Job;
    },
    async finished(id) {
      return until(async () => {
        const { status, text, body } = await supertest(origin).get(`/jobs/${id}?wait=30`);
        if (status !== 200) throw new Error(`a read of ${id} answered ${status}: ${text}`);
        return (body as Job).finishedAt !== undefined && (body as Job);
      }, `the end of ${id}`);
    },
  };
}
