import type { Options } from '../../description.ts';
import { usageError } from '../../exits.ts';
import type { Io } from '../../io.ts';
import type { ValuesOf } from '../../parse.ts';
import { assignments } from '../../remote/assignments.ts';
import { jsonText } from '../../remote/payload.ts';

/** The options of a schedule that have a flag; `--option` sets any other. */
export const SCHEDULE_OPTIONS = {
  cron: { kind: 'text', value: 'EXPRESSION', meaning: 'the times as a cron expression' },
  timeZone: {
    kind: 'text',
    value: 'ZONE',
    meaning: 'the time zone of --cron (default: UTC)',
  },
  every: {
    kind: 'text',
    value: 'TIME',
    meaning: 'the time between two runs, such as 15m',
  },
  task: { kind: 'text', value: 'TASK', meaning: 'the task of the job' },
  payload: { kind: 'text', value: 'PAYLOAD', meaning: 'the payload of the job: JSON, @FILE, or -' },
  queue: { kind: 'text', short: 'q', value: 'QUEUE', meaning: 'the queue of the job (default: "default")' },
  option: {
    kind: 'list',
    short: 'o',
    value: 'NAME=VALUE',
    meaning: 'any other member of PUT /schedules/{id}, such as overlap=skip or job.attempts=3',
  },
} as const satisfies Options;

/** The JSON of a schedule: the given document, or what the options say. */
export async function scheduleJson(
  document: string | undefined,
  options: ValuesOf<typeof SCHEDULE_OPTIONS>,
  io: Io,
): Promise<string> {
  const { cron, timeZone, every, task, payload, queue, option } = options;
  if (document !== undefined) {
    const isGiven = [cron, timeZone, every, task, payload, queue].some((value) => value !== undefined);
    if (isGiven || option.length > 0) throw usageError('Give a document or options, not both.');
    return jsonText(document, 'The schedule', io);
  }
  const { job, ...others } = assignments(option);
  const given = payload === undefined ? undefined : await jsonText(payload, 'The payload', io);
  const members = typeof job === 'object' && job !== null ? job : {};
  const jobText = withPayload(JSON.stringify({ task, queue, ...members }), given);
  const head = JSON.stringify({ cron, timeZone, every, ...others });
  return `${head.slice(0, -1)}${head === '{}' ? '' : ','}"job":${jobText}}`;
}

const withPayload = (job: string, payload: string | undefined): string =>
  payload === undefined ? job : `${job.slice(0, -1)}${job === '{}' ? '' : ','}"payload":${payload}}`;
