// The core of Millrace without HTTP: what its API calls for a batch.
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config.ts';
import { type Candidate, Submitter } from '../../src/queue/submit.ts';
import { connectForRequests, whenReady } from '../../src/redis/connect.ts';
import { KeySpace } from '../../src/redis/keyspace.ts';
import { TaskDirectory } from '../../src/tasks/directory.ts';
import { JOB } from '../load/job.ts';
import { serveProducer, times } from './producer.ts';

const READY_MS = 10_000;

const config = loadConfig();
const redis = connectForRequests({ url: config.redisUrl, name: 'bench' });
const submitter = new Submitter({
  redis,
  keySpace: new KeySpace(config.prefix),
  tasks: new TaskDirectory(redis, systemClock),
  resultTtlMs: config.resultTtlMs,
  idempotencyTtlMs: config.idempotencyTtlMs,
  unknownTasks: config.unknownTasks,
});
if (!(await whenReady(redis, READY_MS))) throw new Error(`Redis did not answer within ${READY_MS} ms`);

serveProducer(async (jobs) => {
  const outcomes = await submitter.submitEach(times(jobs, (): Candidate => ({ ok: true, job: JOB })));
  const refused = outcomes.find((outcome) => !outcome.ok);
  if (refused?.ok === false) throw refused.error;
});
