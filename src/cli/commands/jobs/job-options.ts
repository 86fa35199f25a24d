import type { Options } from '../../description.ts';
import type { ValuesOf } from '../../parse.ts';
import { assignments } from '../../remote/assignments.ts';

/** The options of a job that have a flag; `--option` sets any other. */
export const JOB_OPTIONS = {
  queue: { kind: 'text', short: 'q', value: 'QUEUE', meaning: 'the queue (default: "default")' },
  delay: {
    kind: 'text',
    value: 'TIME',
    meaning: 'starts no sooner than this long from now, such as 5m',
  },
  runAt: {
    kind: 'text',
    value: 'TIME',
    meaning: 'the earliest start, such as 2030-01-31T09:00:00Z',
  },
  priority: {
    kind: 'text',
    short: 'p',
    value: 'PRIORITY',
    choices: ['critical', 'high', 'normal', 'low'],
    meaning: 'critical, high, normal (default) or low',
  },
  key: { kind: 'text', value: 'KEY', meaning: 'for whom or what the job is, such as a tenant' },
  tag: { kind: 'list', short: 't', value: 'TAG', meaning: 'a tag to find the job by; may be repeated' },
  attempts: { kind: 'text', value: 'N', meaning: 'the most attempts, or "unlimited"' },
  timeout: { kind: 'text', value: 'TIME', meaning: 'the longest time of one attempt' },
  expiresIn: { kind: 'text', value: 'TIME', meaning: 'expires if it has not started this long from now' },
  unique: { kind: 'flag', meaning: 'one at a time for its queue, task, and key or payload' },
  keepPayload: { kind: 'flag', meaning: 'keeps the payload after the end' },
  option: {
    kind: 'list',
    short: 'o',
    value: 'NAME=VALUE',
    meaning: 'any other option of POST /jobs, such as debounce.wait=5s or metadata.by=me',
  },
} as const satisfies Options;

/** The members of a job that the options set. */
export function jobMembers(options: ValuesOf<typeof JOB_OPTIONS>): Record<string, unknown> {
  const { tag, attempts, unique, keepPayload, option, ...texts } = options;
  const { queue, delay, runAt, priority, key, timeout, expiresIn } = texts;
  const members = {
    queue,
    delay: numberOrText(delay),
    runAt,
    priority,
    key,
    tags: tag.length > 0 ? tag : undefined,
    attempts: numberOrText(attempts),
    timeout: numberOrText(timeout),
    expiresIn: numberOrText(expiresIn),
    unique: unique || undefined,
    keepPayload: keepPayload || undefined,
  };
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...assignments(option) };
}

const numberOrText = (text: string | undefined): number | string | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : text;

/** The JSON of a job, with its payload as it was given. */
export function jobJson(task: string, members: Record<string, unknown>, payload: string | undefined): string {
  const head = JSON.stringify({ task, ...members });
  return payload === undefined ? head : `${head.slice(0, -1)},"payload":${payload}}`;
}
