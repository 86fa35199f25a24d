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

const bytes = (what: string, figure: string, least: number, aim: number): Claim => ({
  text: `Redis memory per ${what} job, Millrace / BullMQ`,
  figure,
  of: 'millrace',
  against: 'bullmq',
  better: 'lower',
  least,
  aim,
});

export const SUBMIT_CLAIMS: readonly Claim[] = [
  rate('Submit over HTTP, Millrace / a Fastify route that stores nothing', 'millrace', 'floor', 0.85, 0.95),
  rate('Submit over HTTP, Millrace / BullMQ behind Fastify', 'millrace', 'bullmq', 2, 2.3),
];

export const BULK_CLAIMS: readonly Claim[] = [
  rate('Submit in bulk without HTTP, Millrace / BullMQ addBulk', 'millrace-core', 'bullmq', 4, 5),
];

export const MEMORY_CLAIMS: readonly Claim[] = [
  bytes('queued', 'queuedBytes', 0.25, 0.16),
  bytes('finished', 'finishedBytes', 0.3, 0.2),
];

export const DURABILITY_CLAIMS: readonly Claim[] = [
  rate('Submit over HTTP, appendfsync always / everysec', 'millrace-always', 'millrace-everysec', 0.7, 0.9),
];
