import { takeTokensScript } from './access/rates/scripts/take-tokens.ts';
import { addKeyScript, findKeyScript, noteUsesScript, removeKeyScript } from './access/scripts/keys.ts';
import { announceConfigurationScript } from './core/scripts/announce-configuration.ts';
import { existingKeysScript } from './core/scripts/existing-keys.ts';
import { lookupScript } from './jobs/scripts/lookup.ts';
import { readLogScript } from './jobs/scripts/read-log.ts';
import { removeScript } from './jobs/scripts/remove.ts';
import { appendJobsScript } from './jobs/submit/scripts/append.ts';
import { recallAckedScript } from './jobs/submit/scripts/recall-acked.ts';
import { submitScript } from './jobs/submit/scripts/submit.ts';
import { findTaggedScript } from './jobs/tags/scripts/find-tagged.ts';
import { submitUniqueScript } from './jobs/unique/scripts/submit-unique.ts';
import { heartbeatScript } from './leases/scripts/heartbeat.ts';
import { heldByLeasesScript } from './leases/scripts/held-by-leases.ts';
import { heldJobsScript } from './leases/scripts/held-jobs.ts';
import { httpQueuesScript } from './leases/scripts/http-queues.ts';
import { lastIdsScript } from './leases/scripts/last-ids.ts';
import { settleAndTakeScript } from './leases/scripts/settle-and-take.ts';
import { buryScript } from './lifecycle/scripts/bury.ts';
import { cancelScript } from './lifecycle/scripts/cancel.ts';
import { changeScript } from './lifecycle/scripts/changes/change.ts';
import { forgetChangesScript } from './lifecycle/scripts/changes/forget-changes.ts';
import { completeAndTakeScript } from './lifecycle/scripts/complete-and-take.ts';
import { purgeScript, requeueScript } from './lifecycle/scripts/dead-letters.ts';
import { ensureGroupsScript } from './lifecycle/scripts/ensure-groups.ts';
import { extendLeaseScript } from './lifecycle/scripts/extend-lease.ts';
import { handOverScript } from './lifecycle/scripts/hand-over.ts';
import { holdScript } from './lifecycle/scripts/holds/hold.ts';
import { holdClassesScript } from './lifecycle/scripts/holds/hold-classes.ts';
import { sweepHoldsScript } from './lifecycle/scripts/holds/sweep-holds.ts';
import { recheckKeysScript, sweepKeysScript } from './lifecycle/scripts/keys/sweep-keys.ts';
import { advanceScript } from './lifecycle/scripts/places/advance.ts';
import { countPlacesScript } from './lifecycle/scripts/places/count-places.ts';
import { recoverScript } from './lifecycle/scripts/recover.ts';
import { releaseScript } from './lifecycle/scripts/release.ts';
import { appendLogScript } from './lifecycle/scripts/reports/append-log.ts';
import { noteCheckpointScript } from './lifecycle/scripts/reports/note-checkpoint.ts';
import { noteProgressScript } from './lifecycle/scripts/reports/note-progress.ts';
import { retryScript } from './lifecycle/scripts/retry.ts';
import { sweepScript } from './lifecycle/scripts/sweep.ts';
import { forgetTagsScript } from './lifecycle/scripts/tags/forget-tags.ts';
import { sweepUniquesScript } from './lifecycle/scripts/unique/sweep-uniques.ts';
import { censusScript, readCensusScript } from './queues/scripts/census.ts';
import { configureScript } from './queues/scripts/configure.ts';
import { endedRecordsScript } from './queues/scripts/ended-records.ts';
import { busiestKeysScript, keyJobsScript } from './queues/scripts/key-jobs.ts';
import { laneIdsScript } from './queues/scripts/lane-ids.ts';
import { listedJobScript } from './queues/scripts/listed-job.ts';
import { pauseScript } from './queues/scripts/pause.ts';
import { removeQueueScript } from './queues/scripts/remove-queue.ts';
import { runningJobsScript } from './queues/scripts/running-jobs.ts';
import type { Script } from './redis/script/define-script.ts';
import { compareAndSetScript } from './schedules/scripts/compare-and-set.ts';
import { fireScript } from './schedules/scripts/fire.ts';
import { lockScript, unlockScript } from './schedules/scripts/lock.ts';
import {
  dueSchedulesScript,
  readSchedulesScript,
  writeScheduleScript,
} from './schedules/scripts/schedules.ts';
import { ackScript } from './subscriptions/scripts/ack.ts';
import { readScript } from './subscriptions/scripts/read.ts';
import { subscribeScript, unsubscribeScript } from './subscriptions/scripts/subscribe.ts';
import { announceReleasesScript, announceTaskScript } from './tasks/scripts/announce.ts';
import { announceOverHttpScript } from './tasks/scripts/announce-over-http.ts';
import { drainWorkerScript } from './workers/scripts/drain-worker.ts';
import { reportWorkerScript } from './workers/scripts/report-worker.ts';
import { runningByLeaseScript } from './workers/scripts/running-by-lease.ts';

/**
 * The state machine's table of contents: every arrow between the places of a job.
 *
 *   append-jobs       -> lane
 *   submit            -> lane, or parked + scheduled; all or none, at most once, within limits
 *   submit-unique     the same where another job may have the place of one: -> scheduled with a new entry, -> holds behind it
 *   fire              -> lane; once for each slot of a schedule
 *   complete-and-take two moves in one round trip: complete  pending -> result (completed, cancelled, expired)
 *                                                  take      lane | scheduled | due | holds -> pending
 *   settle-and-take   the same for a lease over HTTP, which is there only while it holds jobs
 *   retry             pending -> due
 *   bury              pending -> dead; pending -> due where a cancel was asked
 *   release           pending -> due, no attempt spent
 *   hand-over         pending -> pending of another lease, of a process that runs the job alone
 *   hold              pending -> holds, no attempt spent
 *   recover           pending of a lease that ended -> due
 *   cancel            lane | scheduled | due | holds -> result (cancelled, expired); pending -> result (cancelled, enforced)
 *   change            lane | scheduled | due | holds -> scheduled, with a new entry
 *   requeue           dead -> due
 *   purge             dead -> nothing
 *   sweep             no place (after an accident) -> due
 *   remove            result | dead -> nothing
 */
export const scripts: readonly Script[] = [
  appendJobsScript,
  submitScript,
  submitUniqueScript,
  fireScript,
  completeAndTakeScript,
  settleAndTakeScript,
  retryScript,
  buryScript,
  releaseScript,
  holdScript,
  handOverScript,
  recoverScript,
  cancelScript,
  changeScript,
  removeScript,
  requeueScript,
  purgeScript,
  sweepScript,
  sweepHoldsScript,
  sweepKeysScript,
  recheckKeysScript,
  // No moves: they make groups, renew leases, write notes and settings, read and count.
  ensureGroupsScript,
  extendLeaseScript,
  // For tests alone.
  advanceScript,
  heartbeatScript,
  laneIdsScript,
  countPlacesScript,
  endedRecordsScript,
  listedJobScript,
  runningJobsScript,
  heldJobsScript,
  heldByLeasesScript,
  noteProgressScript,
  noteCheckpointScript,
  appendLogScript,
  readLogScript,
  recallAckedScript,
  pauseScript,
  configureScript,
  announceConfigurationScript,
  removeQueueScript,
  announceTaskScript,
  announceReleasesScript,
  announceOverHttpScript,
  httpQueuesScript,
  lastIdsScript,
  existingKeysScript,
  holdClassesScript,
  forgetChangesScript,
  sweepUniquesScript,
  forgetTagsScript,
  findTaggedScript,
  keyJobsScript,
  busiestKeysScript,
  lookupScript,
  censusScript,
  readCensusScript,
  // Access keys.
  addKeyScript,
  findKeyScript,
  removeKeyScript,
  noteUsesScript,
  // Workers.
  reportWorkerScript,
  drainWorkerScript,
  runningByLeaseScript,
  // Access.
  takeTokensScript,
  // Schedules.
  readSchedulesScript,
  dueSchedulesScript,
  writeScheduleScript,
  compareAndSetScript,
  lockScript,
  unlockScript,
  // Durable subscriptions to the events.
  subscribeScript,
  unsubscribeScript,
  readScript,
  ackScript,
];
