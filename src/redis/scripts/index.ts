import { announceScript } from './announce.ts';
import { appendScript } from './append.ts';
import { beatScript } from './beat.ts';
import { buryScript } from './bury.ts';
import { withdrawScript } from './cancel.ts';
import { censusScript } from './census.ts';
import { purgeScript, requeueScript } from './dead.ts';
import { endsScript } from './ends.ts';
import { fireScript } from './fire.ts';
import { groupsScript } from './groups.ts';
import { inspectScript } from './inspect.ts';
import { extendScript, recoverScript } from './lease.ts';
import { limitScript } from './limit.ts';
import { lockScript, unlockScript } from './lock.ts';
import { lookupScript, removeScript } from './lookup.ts';
import { markScript } from './mark.ts';
import { pauseScript } from './pause.ts';
import { presentScript } from './present.ts';
import { progressScript } from './progress.ts';
import { releaseScript } from './release.ts';
import { retryScript } from './retry.ts';
import { dueSchedulesScript, readSchedulesScript, writeScheduleScript } from './schedules.ts';
import type { Script } from './script.ts';
import { serveScript } from './serve.ts';
import { noteServedScript } from './served.ts';
import { submitScript } from './submit.ts';
import { subscribeScript, unsubscribeScript } from './subscription.ts';
import { ackScript } from './subscription-ack.ts';
import { readScript } from './subscription-read.ts';
import { sweepScript } from './sweep.ts';
import { turnScript } from './turn.ts';

/**
 * The state machine's table of contents: every arrow between the places of a job.
 *
 *   append    -> lane
 *   submit    -> lane, or parked + scheduled; all or none, at most once, within limits
 *   fire      -> lane; of each slot of a schedule once
 *   turn      both of these, in one round trip: complete  pending -> result (completed, cancelled, expired)
 *                                               take      lane | scheduled | due -> pending
 *   serve     the same for a lease over HTTP, which is there only while it holds jobs
 *   retry     pending -> due
 *   bury      pending -> dead; pending -> due where a cancel was asked
 *   release   pending -> due, no attempt spent
 *   recover   pending of a lease that ended -> due
 *   withdraw  lane | scheduled | due -> result (cancelled, expired); pending -> result (cancelled, by force)
 *   requeue   dead -> due
 *   purge     dead -> nothing
 *   sweep     no place (after an accident) -> due
 *   remove    result | dead -> nothing
 */
export const scripts: readonly Script[] = [
  appendScript,
  submitScript,
  fireScript,
  turnScript,
  serveScript,
  retryScript,
  buryScript,
  releaseScript,
  recoverScript,
  withdrawScript,
  removeScript,
  requeueScript,
  purgeScript,
  sweepScript,
  // No moves: they make, renew, note, read and count.
  groupsScript,
  extendScript,
  beatScript,
  inspectScript,
  progressScript,
  pauseScript,
  limitScript,
  announceScript,
  noteServedScript,
  endsScript,
  presentScript,
  lookupScript,
  censusScript,
  // Schedules, and where they are.
  readSchedulesScript,
  dueSchedulesScript,
  writeScheduleScript,
  markScript,
  lockScript,
  unlockScript,
  // Of durable subscriptions to the events.
  subscribeScript,
  unsubscribeScript,
  readScript,
  ackScript,
];
