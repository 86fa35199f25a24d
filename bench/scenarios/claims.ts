import type { Claim } from '../contract.ts';

/** What the scenarios of submitting and of memory claim; `against` is the contender that it is measured by. */

const rate = (text: string, of: string, against: string, least: number, aim: number): Claim => ({
  text,
  figure: 'rate',
  of,
  against,
  better: 'higher',
  least,
  aim,
});

/** Less of something than BullMQ. */
export const less = (text: string, figure: string, least: number, aim: number): Claim => ({
  text: `${text}, Millrace / BullMQ`,
  figure,
  of: 'millrace',
  against: 'bullmq',
  better: 'lower',
  least,
  aim,
});

export const SUBMIT_CLAIMS: readonly Claim[] = [
  rate('Submit over HTTP, Millrace / a Fastify route that stores nothing', 'millrace', 'floor', 0.85, 0.95),
  rate('Submit over HTTP, Millrace / BullMQ behind Fastify', 'millrace', 'bullmq', 2, 3),
];

export const KEYS_CLAIMS: readonly Claim[] = [
  rate('Submit over HTTP, AUTH=keys / AUTH=off', 'millrace-keys', 'millrace', 0.95, 0.99),
];

export const BULK_CLAIMS: readonly Claim[] = [
  rate(
    'Submit batches of 100 over HTTP, Millrace / BullMQ addBulk of 100 in its process',
    'millrace-batch',
    'bullmq',
    3,
    5,
  ),
  rate(
    'Submit NDJSON of 100 over HTTP, Millrace / BullMQ addBulk of 100 in its process',
    'millrace-ndjson',
    'bullmq',
    3,
    5,
  ),
  rate('Submit in bulk without HTTP, Millrace / BullMQ addBulk of 100', 'millrace-core', 'bullmq', 5, 8),
];

export const MEMORY_CLAIMS: readonly Claim[] = [
  less('Redis memory per queued job', 'queuedBytes', 1 / 4, 1 / 6),
  less('Redis memory per finished job', 'finishedBytes', 1 / 3, 1 / 5),
];

export const DURABILITY_CLAIMS: readonly Claim[] = [
  rate('Submit over HTTP, appendfsync always / everysec', 'millrace-always', 'millrace-everysec', 0.7, 0.9),
];
