import { appendScript } from './append.ts';
import { buryScript } from './bury.ts';
import { withdrawScript } from './cancel.ts';
import { censusScript } from './census.ts';
import { purgeScript, requeueScript } from './dead.ts';
import { groupsScript } from './groups.ts';
import { extendScript, recoverScript } from './lease.ts';
import { limitScript } from './limit.ts';
import { lookupScript, removeScript } from './lookup.ts';
import { pauseScript } from './pause.ts';
import { progressScript } from './progress.ts';
import { releaseScript } from './release.ts';
import { retryScript } from './retry.ts';
import type { Script } from './script.ts';
import { submitScript } from './submit.ts';
import { subscribeScript, unsubscribeScript } from './subscription.ts';
import { ackScript, readScript } from './subscription-read.ts';
import { sweepScript } from './sweep.ts';
import { turnScript } from './turn.ts';

/**
 * The state machine's table of contents: every arrow between the places of a job.
 *
 *   append    -> lane
 *   submit    -> lane, or parked + scheduled; all or none, at most once, within limits
 *   turn      both of these, in one round trip: complete  pending -> result (completed, cancelled, expired)
 *                                               take      lane | scheduled | due -> pending
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
  turnScript,
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
  progressScript,
  pauseScript,
  limitScript,
  lookupScript,
  censusScript,
  // Of durable subscriptions to the events.
  subscribeScript,
  unsubscribeScript,
  readScript,
  ackScript,
];
