// The core of Millrace without HTTP: what its API calls for a batch.

import { loadConfig } from '../../src/config.ts';
import { createCore } from '../../src/core/core.ts';
import type { Candidate } from '../../src/jobs/submit/outcomes.ts';
import { Submitter } from '../../src/jobs/submit/submitter.ts';
import { connectForRequests, whenReady } from '../../src/redis/connect.ts';
import { scripts } from '../../src/scripts.ts';
import { JOB } from '../load/job.ts';
import { serveProducer, times } from './producer.ts';

const READY_MS = 10_000;

const config = loadConfig();
const redis = connectForRequests({ url: config.redisUrl, name: 'bench', scripts });
const submitter = new Submitter(createCore(redis, config));
if (!(await whenReady(redis, READY_MS))) throw new Error(`Redis did not answer within ${READY_MS} ms`);

serveProducer(async (jobs) => {
  const outcomes = await submitter.submitEach(times(jobs, (): Candidate => ({ ok: true, job: JOB })));
  const refused = outcomes.find((outcome) => !outcome.ok);
  if (refused?.ok === false) throw refused.error;
});
