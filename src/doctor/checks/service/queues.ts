import type { QueueStats } from '../../../schemas/queue.ts';
import { type Finding, fault, note, ok, warning } from '../../finding.ts';

/** A queue whose oldest job waits longer than this has too few workers, or slow ones. */
const LONG_WAIT_MS = 5 * 60_000;
/** A job may wait this long for a worker that just starts. */
const START_MS = 15_000;
const NEARLY_ALL = 0.8;
/** More would hide the rest. */
const MOST_SHOWN = 5;

export function spokenTime(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 2 * 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

const count = (value: number): string => value.toLocaleString('en-US');

/** The queues with jobs: backlogs, pauses, dead letters. */
export function checkQueues(stats: readonly QueueStats[], deadMax: number): Finding[] {
  const findings = stats.flatMap((queue) => [
    ...checkBacklog(queue),
    ...checkDead(queue, deadMax),
    ...checkMost(queue),
  ]);
  return findings.length === 0 ? [ok('queues', 'No queue has a backlog.')] : shortened(findings);
}

/** At most some findings of each kind. */
function shortened(findings: readonly Finding[]): Finding[] {
  const ids = [...new Set(findings.map(({ id }) => id))];
  return ids.flatMap((id) => {
    const all = findings.filter((finding) => finding.id === id);
    const more = all.length - MOST_SHOWN;
    return more <= 0
      ? all
      : [...all.slice(0, MOST_SHOWN), note(id, { what: `The same holds for ${more} more queues.` })];
  });
}

function checkBacklog(queue: QueueStats): Finding[] {
  const { queued } = queue.counts;
  if (queue.paused) return [paused(queue)];
  if (queued === 0) return [];
  if (queue.workers.length === 0 && queue.oldestQueuedMs >= START_MS) return [withoutWorkers(queue)];
  if (queue.oldestQueuedMs < LONG_WAIT_MS) return [];
  return [
    warning('old-jobs', {
      what: `In queue ${queue.queue} the oldest of ${count(queued)} jobs has waited for ${spokenTime(queue.oldestQueuedMs)}. It has ${queue.workers.length} workers.`,
      why: 'Jobs come faster than the workers end them, or no worker knows the task of the oldest ones.',
      todo: `Start more workers or raise CONCURRENCY. GET /queues/${queue.queue}/jobs?status=queued shows the jobs, with heldBy where no worker fits.`,
    }),
  ];
}

const withoutWorkers = ({ queue, counts, oldestQueuedMs }: QueueStats): Finding =>
  fault('no-workers', {
    what: `Queue ${queue} has ${count(counts.queued)} waiting jobs and no worker. The oldest has waited for ${spokenTime(oldestQueuedMs)}.`,
    why: 'The jobs do not run.',
    todo: `Start a worker: QUEUES=${queue} npx millrace worker, or QUEUES=${queue} node dist/workers/main.js in a build. If one runs, check its QUEUES, REDIS_URL and PREFIX.`,
  });

function paused({ queue, counts, oldestQueuedMs, pausedUntil }: QueueStats): Finding {
  const until = pausedUntil === undefined ? 'until somebody resumes it' : `until ${pausedUntil}`;
  const advice = {
    what: `Queue ${queue} is paused ${until}. ${count(counts.queued)} jobs wait, the oldest for ${spokenTime(oldestQueuedMs)}.`,
    why: 'Workers take no jobs of a paused queue.',
    todo: `To resume it: POST /queues/${queue}/resume`,
  };
  const isLong = counts.queued > 0 && oldestQueuedMs >= LONG_WAIT_MS && pausedUntil === undefined;
  return isLong ? warning('paused', advice) : note('paused', advice);
}

function checkDead({ queue, counts }: QueueStats, deadMax: number): Finding[] {
  if (counts.failed < deadMax * NEARLY_ALL) return [];
  return [
    warning('dead-letters', {
      what: `Queue ${queue} keeps ${count(counts.failed)} failed jobs; the most is ${count(deadMax)} (DEAD_MAX).`,
      why: 'Beyond that the oldest are removed and cannot be tried again.',
      todo: `Look at GET /queues/${queue}/jobs?status=failed. Then retry them (POST /queues/${queue}/dead/retry) or remove them (DELETE /queues/${queue}/dead).`,
    }),
  ];
}

function checkMost({ queue, counts, maxJobs }: QueueStats): Finding[] {
  const { queued, scheduled, running, retrying } = counts;
  const jobs = queued + scheduled + running + retrying;
  if (maxJobs === undefined || jobs < maxJobs * NEARLY_ALL) return [];
  return [
    warning('max-jobs', {
      what: `Queue ${queue} holds ${count(jobs)} jobs of at most ${count(maxJobs)} (maxJobs).`,
      why: 'At the limit further submits are answered with 429.',
      todo: `Start more workers, or raise maxJobs: PUT /queues/${queue}.`,
    }),
  ];
}
