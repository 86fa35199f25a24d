import type { Bed, Contender, Figures, Scenario } from '../contract.ts';
import type { RequestParts } from '../load/http.ts';
import { JOB } from '../load/job.ts';
import type { Produce, Produced } from '../peers/producer.ts';
import { Usage } from '../usage.ts';
import { BULK_CLAIMS } from './claims.ts';
import { loadOverHttp, stretches } from './loading.ts';
import { checkStored, producerEnv, type StoredBy } from './stored.ts';

const BATCH = 100;
const LONG_BATCH = 1_000;
const CONNECTIONS = 4;

const jobs = (count: number) => Array.from({ length: count }, () => JOB);

const asJson = (count: number): RequestParts => ({
  method: 'POST',
  path: '/jobs/batch',
  contentType: 'application/json',
  body: JSON.stringify({ jobs: jobs(count) }),
});

const asLines = (count: number): RequestParts => ({
  method: 'POST',
  path: '/jobs/batch',
  contentType: 'application/x-ndjson',
  body: jobs(count)
    .map((job) => JSON.stringify(job))
    .join('\n'),
});

const overHttp = (id: string, label: string, request: RequestParts, count: number): Contender => ({
  id,
  label,
  run: async (bed) => {
    const process = await bed.startApi();
    const load = { connections: CONNECTIONS, request, expected: 207, jobs: count };
    const { figures, accepted } = await loadOverHttp(bed, { process, port: process.port }, load);
    await checkStored(bed.redis, 'millrace', accepted);
    return figures;
  },
});

interface Producer {
  readonly file: string;
  readonly stores: StoredBy;
  /** Calls under way at a time: as many as gave this producer its best rate. */
  readonly inFlight: number;
}

async function produceRound(bed: Bed, { file, stores, inFlight }: Producer): Promise<Figures> {
  const { warmUpMs, measureMs } = stretches(bed);
  const process = await bed.start({
    name: `The producer of ${file}`,
    file: new URL(`../peers/${file}`, import.meta.url),
    env: { ...producerEnv(bed.redis), REDIS_URL: bed.redis.url },
  });
  const produce = (ms: number) =>
    process.ask<Produced>({ do: 'produce', ms, batch: BATCH, inFlight } satisfies Produce);
  const warmUp = await produce(warmUpMs);
  const usage = await Usage.since(bed, { apiCpu: [process] });
  const { count, seconds } = await produce(measureMs);
  const spent = await usage.perJob(count, 0);
  await checkStored(bed.redis, stores, warmUp.count + count);
  return { rate: count / seconds, ...spent };
}

const inProcess = (id: string, label: string, producer: Producer): Contender => ({
  id,
  label: `${label}, ${producer.inFlight} at a time`,
  run: (bed) => produceRound(bed, producer),
});

export const bulkScenarios: readonly Scenario[] = [
  {
    id: 'bulk',
    title: 'Submit in bulk',
    quick: true,
    contenders: [
      overHttp('millrace-batch', `Millrace, JSON of ${BATCH} over HTTP`, asJson(BATCH), BATCH),
      overHttp('millrace-ndjson', `Millrace, NDJSON of ${BATCH} over HTTP`, asLines(BATCH), BATCH),
      overHttp(
        'millrace-ndjson-1000',
        `Millrace, NDJSON of ${LONG_BATCH} over HTTP`,
        asLines(LONG_BATCH),
        LONG_BATCH,
      ),
      inProcess('millrace-core', `Millrace without HTTP, batches of ${BATCH}`, {
        file: 'producer-millrace.ts',
        stores: 'millrace',
        inFlight: 4,
      }),
      inProcess('bullmq', `BullMQ addBulk of ${BATCH}`, {
        file: 'producer-bullmq.ts',
        stores: 'bullmq',
        inFlight: 4,
      }),
      inProcess('bee-queue', `bee-queue saveAll of ${BATCH}`, {
        file: 'producer-bee-queue.ts',
        stores: 'bee-queue',
        inFlight: 4,
      }),
      inProcess('floor', `ioredis alone, pipelines of ${BATCH} XADD`, {
        file: 'producer-floor.ts',
        stores: 'floor',
        inFlight: 4,
      }),
    ],
    figures: ['rate', 'apiCpu', 'redisCpu', 'commands'],
    claims: BULK_CLAIMS,
  },
];
