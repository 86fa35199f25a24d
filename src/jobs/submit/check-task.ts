import type { Core } from '../../core/core.ts';
import { AppError } from '../../errors.ts';
import type { QueueKeys } from '../../redis/keys.ts';
import type { JsonText } from '../../schemas/json/json-text.ts';
import type { CheckOutcome } from '../../tasks/checks/schema-check.ts';
import type { AnnouncedTasks } from '../../tasks/directory.ts';

/**
 * Checks task and payload against the announced tasks of the queue.
 *
 * @param now the monotonic time, for who has read it.
 * @throws {AppError} unknown-task, invalid-payload or checks-busy, or the promise rejects with them.
 */
export function checkTask(
  core: Core,
  keys: QueueKeys,
  task: string,
  payload: JsonText,
  now?: number,
): AnnouncedTasks | Promise<AnnouncedTasks> {
  const announced = core.tasks.announced(keys, now);
  if (announced instanceof Promise) {
    return announced.then((tasks) => checkAnnounced(core, tasks, keys, task, payload));
  }
  return checkAnnounced(core, announced, keys, task, payload);
}

function checkAnnounced(
  core: Core,
  tasks: AnnouncedTasks,
  keys: QueueKeys,
  task: string,
  payload: JsonText,
): AnnouncedTasks | Promise<AnnouncedTasks> {
  const refused = refusal(core, tasks, keys.queue, task, payload);
  return refused === undefined ? tasks : recheckTask(core, keys, { task, payload }, tasks, refused);
}

/** Reads the announcements again before it refuses a job: a worker may have started a moment ago. */
async function recheckTask(
  core: Core,
  keys: QueueKeys,
  { task, payload }: { task: string; payload: JsonText },
  before: AnnouncedTasks,
  refused: Refusal,
): Promise<AnnouncedTasks> {
  const first = await refused;
  if (first === undefined) return before;
  const announced = await core.tasks.refresh(keys);
  // Nothing has changed: a second check would find the same.
  const error = announced === before ? first : await refusal(core, announced, keys.queue, task, payload);
  if (error !== undefined) throw error;
  return announced;
}

/** Undefined when the job is accepted; a promise when a thread must check. */
type Refusal = AppError | undefined | Promise<AppError | undefined>;

function refusal(
  core: Core,
  announced: AnnouncedTasks,
  queue: string,
  task: string,
  payload: JsonText,
): Refusal {
  const isUnknown = !announced.isEmpty && !announced.hasTakerOfAll && !announced.has(task);
  if (isUnknown && core.settings.unknownTasks === 'reject') {
    return unknownTask(queue, task, announced.liveNames);
  }
  const outcome = announced.checkPayload(task, payload);
  return outcome instanceof Promise
    ? outcome.then((checked) => payloadError(task, checked))
    : payloadError(task, outcome);
}

/** The tasks of workers that are gone do not help: a job for them would wait. */
function unknownTask(queue: string, task: string, liveNames: readonly string[]): AppError {
  const names = liveNames.join(', ');
  const isServed = liveNames.length > 0;
  return new AppError(
    'unknown-task',
    isServed
      ? `No worker of queue "${queue}" has announced the task "${task}". Announced tasks: ${names}.`
      : `No worker of queue "${queue}" runs, and none has announced the task "${task}" in the last day. Start a worker that has this task.`,
    {
      errors: [
        {
          pointer: '/task',
          detail: isServed ? `must be one of ${names}` : 'needs a worker that has this task',
        },
      ],
      extensions: { knownTasks: liveNames },
    },
  );
}

function payloadError(task: string, outcome: CheckOutcome): AppError | undefined {
  if (outcome.length === 0) return undefined;
  if (outcome === 'busy') {
    const detail = 'Too many payloads are being checked that take long. Try again after Retry-After seconds.';
    return new AppError('checks-busy', detail);
  }
  if (outcome === 'slow') {
    const detail = `The payload cannot be checked against the input schema of task "${task}" in time.`;
    return new AppError('invalid-payload', detail, {
      errors: [
        {
          pointer: '/payload',
          detail: 'takes too long to check: send less, or announce a schema with simpler patterns',
        },
      ],
    });
  }
  return new AppError('invalid-payload', `The payload does not match the input schema of task "${task}".`, {
    errors: outcome,
  });
}
