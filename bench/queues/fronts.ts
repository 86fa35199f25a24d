import type { Bed } from '../contract.ts';
import type { Server } from '../scenarios/loading.ts';
import { producerEnv } from '../scenarios/stored.ts';
import { bullmq } from './bullmq.ts';
import { millrace } from './millrace.ts';
import type { JobQueue } from './queue.ts';

/** A job queue behind HTTP: `POST /jobs` takes one job. */
export interface Front {
  readonly queue: JobQueue;
  /** Answers 202 when the job is stored. */
  start(bed: Bed): Promise<Server>;
  /** Answers 200 with the result when it is there. */
  startWaiting(bed: Bed): Promise<Server>;
  readonly waitPath: string;
}

async function startPeer(bed: Bed, file: string): Promise<Server> {
  const url = new URL(`../peers/${file}`, import.meta.url);
  const process = await bed.start({ name: file, file: url, env: producerEnv(bed.redis) });
  return { process, port: await process.ask<number>({ do: 'port' }) };
}

async function startMillrace(bed: Bed): Promise<Server> {
  const process = await bed.startApi();
  return { process, port: process.port };
}

export const millraceFront: Front = {
  queue: millrace,
  start: startMillrace,
  startWaiting: startMillrace,
  waitPath: '/jobs?wait=10',
};

export const bullmqFront: Front = {
  queue: bullmq,
  start: (bed) => startPeer(bed, 'http-bullmq.ts'),
  startWaiting: (bed) => startPeer(bed, 'http-bullmq-wait.ts'),
  waitPath: '/jobs',
};
