import { expect } from 'vitest';
import type { Settled } from '../../../../src/lifecycle/consumer.ts';
import { completionOf, failureOf } from '../../../helpers/workers/manual-worker.ts';
import { complete as completeJobs } from '../../../helpers/workers/moves.ts';
import { isExhausted, type ModelDelivery, type When } from '../job.ts';
import type { Model } from '../model.ts';
import { HOUR_MS, passDelay, type Real } from '../real.ts';
import { choose } from '../step.ts';

/** No test buries this many jobs. */
export const MAX_DEAD = 1_000;

const DELAY: Readonly<Record<When, number>> = { now: 0, 'in an hour': HOUR_MS };

/** The real delivery and its worker, whether or not the worker still holds the job. */
export function realSideOf(model: Model, real: Real, modelDelivery: ModelDelivery) {
  const delivery = choose(real.deliveries, model.deliveries.indexOf(modelDelivery));
  const consumer = choose(real.workers, modelDelivery.worker);
  return { delivery, consumer, keys: real.keys };
}

type Ending = 'completed' | 'cancelled' | 'expired';

export async function complete(
  model: Model,
  real: Real,
  modelDelivery: ModelDelivery,
  ending: Ending,
): Promise<Settled> {
  const { delivery, consumer, keys } = realSideOf(model, real, modelDelivery);
  const result = model.deliveries.indexOf(modelDelivery);
  const text = ending === 'completed' ? JSON.stringify(result) : undefined;
  const [settled] = await completeJobs(consumer, keys, [completionOf(delivery, ending, text)]);
  const expected = model.complete(modelDelivery, ending, result);
  expect(settled).toBe(expected);
  return expected;
}

export async function retry(
  model: Model,
  real: Real,
  modelDelivery: ModelDelivery,
  when: When,
  delayMs: number,
) {
  const { delivery, consumer, keys } = realSideOf(model, real, modelDelivery);
  const settled = await consumer.retry(keys, failureOf(delivery), delayMs);
  const expected = model.retry(modelDelivery, when);
  expect(settled).toBe(expected);
  return expected;
}

export async function bury(
  model: Model,
  real: Real,
  modelDelivery: ModelDelivery,
  maxDead = MAX_DEAD,
): Promise<Settled> {
  const { delivery, consumer, keys } = realSideOf(model, real, modelDelivery);
  const failure = failureOf(delivery);
  const written = isExhausted(modelDelivery) ? { ...failure, error: '' } : failure;
  // Two jobs that are buried in the same millisecond have no defined order.
  if (model.dead.length > 0) await passDelay(real);
  const settled = await consumer.bury(keys, written, maxDead);
  const expected = model.bury(modelDelivery, maxDead);
  expect(settled).toBe(expected);
  return expected;
}

export async function release(
  model: Model,
  real: Real,
  modelDelivery: ModelDelivery,
  { begun, when }: { begun: boolean; when: When },
): Promise<Settled> {
  const { delivery, consumer, keys } = realSideOf(model, real, modelDelivery);
  const settled = await consumer.release(
    keys,
    [{ ref: delivery, token: delivery.token, begun }],
    DELAY[when],
  );
  const expected = model.release(modelDelivery, begun, when);
  expect(settled).toEqual([expected]);
  return expected;
}

export async function progress(
  model: Model,
  real: Real,
  modelDelivery: ModelDelivery,
  value: number,
): Promise<Settled> {
  const { delivery, consumer, keys } = realSideOf(model, real, modelDelivery);
  const report = { ref: delivery, token: delivery.token };
  const isNoted = await consumer.recordProgress(keys, report, JSON.stringify(value));
  const isOwner = modelDelivery.job.holder === modelDelivery;
  if (isOwner) modelDelivery.job.progress = value;
  expect(isNoted).toBe(isOwner);
  return isOwner ? 'done' : 'stale';
}

export async function checkpoint(
  model: Model,
  real: Real,
  modelDelivery: ModelDelivery,
  value: number,
): Promise<Settled> {
  const { delivery, consumer, keys } = realSideOf(model, real, modelDelivery);
  const report = { ref: delivery, token: delivery.token };
  // 0 stands for null, which removes the checkpoint.
  const isKept = await consumer.recordCheckpoint(keys, report, JSON.stringify(value || null));
  const isOwner = modelDelivery.job.holder === modelDelivery;
  if (isOwner) modelDelivery.job.checkpoint = value || undefined;
  expect(isKept).toBe(isOwner);
  return isOwner ? 'done' : 'stale';
}

/** Writes a line to the log; `compareNotes` sees that it goes with its job. */
export async function log(model: Model, real: Real, modelDelivery: ModelDelivery): Promise<Settled> {
  const { delivery, consumer, keys } = realSideOf(model, real, modelDelivery);
  const lines = [{ ageMs: 0, tail: '"info","here"]' }];
  const batch = { attempt: delivery.attempt, dropped: 0, lines };
  const isKept = await consumer.appendLog(keys, { ref: delivery, token: delivery.token }, batch);
  const isOwner = modelDelivery.job.holder === modelDelivery;
  if (isOwner) modelDelivery.job.hasLog = true;
  expect(isKept).toBe(isOwner);
  return isOwner ? 'done' : 'stale';
}
