import { parseJson } from '../../net/json.ts';
import type { Schedule } from '../../net/types.ts';

/** A schedule as it is typed; an empty text is what is not said. */
export interface Form {
  readonly id: string;
  readonly cron: string;
  readonly every: string;
  readonly timeZone: string;
  readonly task: string;
  readonly queue: string;
  readonly payload: string;
  readonly misfire: string;
  readonly overlap: string;
}

export const EMPTY: Form = {
  id: '',
  cron: '',
  every: '',
  timeZone: '',
  task: '',
  queue: '',
  payload: '',
  misfire: 'one',
  overlap: 'allow',
};

export function formOf({ id, cron = '', every, timeZone = '', misfire, overlap, job }: Schedule): Form {
  return {
    id,
    cron,
    every: every === undefined ? '' : `${every}ms`,
    timeZone,
    task: job.task,
    queue: job.queue ?? '',
    payload: job.payload === undefined ? '' : JSON.stringify(job.payload, null, 2),
    misfire,
    overlap,
  };
}

const given = (name: string, text: string): object => (text.trim() === '' ? {} : { [name]: text.trim() });

/**
 * The body of a PUT: what was typed, and what the form does not show as it is stored.
 *
 * @throws {SyntaxError} for a payload that is not JSON.
 */
export function bodyOf(form: Form, stored?: Schedule): object {
  const { startAt, endAt, maxRuns, window } = stored ?? {};
  const { task: _task, queue: _queue, payload: _payload, ...job } = stored?.job ?? { task: '' };
  return {
    ...given('cron', form.cron),
    ...given('every', form.every),
    ...given('timeZone', form.timeZone),
    misfire: form.misfire,
    overlap: form.overlap,
    ...Object.fromEntries(
      Object.entries({ startAt, endAt, maxRuns, window }).filter(([, value]) => value !== undefined),
    ),
    job: {
      ...job,
      task: form.task.trim(),
      ...given('queue', form.queue),
      ...(form.payload.trim() !== '' && { payload: parseJson(form.payload) }),
    },
  };
}
