import { expect } from 'vitest';
import type { ServiceEvent, ServiceEventKind } from '../../../src/observer.ts';

type Members = { [K in ServiceEventKind]: readonly (keyof Extract<ServiceEvent, { kind: K }>)[] };

const ATTEMPT = ['queue', 'task', 'job', 'attempt', 'lease'] as const;

/** The members that each kind of event about jobs has at least. */
export const JOB_EVENTS = {
  'child-lost': ['consumer', 'pid', 'how'],
  'child-replaced': ['consumer', 'pid'],
  'jobs-submitted': ['queue', 'task', 'jobs'],
  'submit-replayed': ['queue', 'task', 'jobs'],
  'submit-refused': ['queue', 'task', 'jobs', 'code'],
  'jobs-taken': ['queue', 'lease', 'jobs'],
  'attempt-started': [...ATTEMPT, 'waitMs'],
  'attempt-ended': [...ATTEMPT, 'outcome', 'status', 'runMs'],
  'attempt-failed': [...ATTEMPT, 'error', 'next', 'maxAttempts'],
  'attempt-lost': [...ATTEMPT, 'error', 'errorName', 'runMs'],
  'uncaught-error': ['origin', 'from', 'error'],
  stale: ['queue', 'job', 'lease', 'move'],
  'task-log': ['queue', 'task', 'job', 'lease', 'text', 'level'],
  'lease-renewed': ['queues', 'lease', 'leaseMs', 'cancel'],
  'lease-lost': ['consumer', 'lease', 'queue'],
  recovered: ['queue', 'jobs', 'cause'],
  'job-cancelled': ['queue', 'job', 'done'],
  'jobs-cancelled': ['queue', 'jobs'],
  'jobs-expired': ['queue', 'jobs'],
  'jobs-held': ['queue', 'lease', 'jobs'],
} satisfies Partial<Members>;

/** The same for events about the service itself, its schedules and its clients. */
export const LIFE_EVENTS = {
  'misspelt-setting': ['text'],
  'settings-differ': ['text'],
  'schema-unusable': ['queue', 'task', 'reason'],
  ready: ['service'],
  'child-started': ['consumer', 'pid'],
  stopping: ['why'],
  stopped: [],
  'queues-changed': ['joined', 'left'],
  'too-many-queues': ['served', 'leftOut', 'most'],
  'queue-removed': ['queue'],
  'schedule-fired': ['queue', 'task', 'schedule', 'jobs', 'lateMs'],
  'schedule-skipped': ['queue', 'task', 'schedule', 'slots', 'reason'],
  'certificate-loaded': ['validTo'],
  'certificate-refused': ['reason'],
  'connections-refused': ['limit', 'refused', 'address'],
  'wait-started': ['on', 'queues', 'waitMs'],
  'wait-ended': ['on', 'queues', 'outcome', 'durationMs'],
  'stream-opened': [],
  'stream-closed': ['reason', 'durationMs'],
  'http-request': ['method', 'route', 'status', 'durationMs', 'reqId'],
  'redis-trouble': ['where', 'error'],
  'keys-trouble': ['where', 'error'],
  defect: ['where', 'error'],
} satisfies Partial<Members>;

/** Events that come with tracing, and while Redis is away: no test of all of them makes one. */
const RARE_EVENTS = {
  'audit-unwritten': ['key', 'address', 'method', 'route', 'target', 'status'],
  'spans-lost': ['spans', 'reason'],
  'tracing-trouble': ['text'],
} satisfies Partial<Members>;

/** A kind without a row does not compile. */
const ALL: Members = { ...JOB_EVENTS, ...LIFE_EVENTS, ...RARE_EVENTS };

/** An event, or what a line of log shows of one. */
export interface SeenEvent {
  readonly kind: string;
  readonly [member: string]: unknown;
}

/** At least one event of the kind was seen, and each of them has its members. */
export function expectMembers(seen: readonly object[], kind: string, members: readonly string[]): void {
  const events = seen.filter((event) => 'kind' in event && event.kind === kind);
  expect(events).not.toEqual([]);
  for (const event of events) for (const member of members) expect(event).toHaveProperty(member);
}

/** The kinds of which no table tells. */
export const unknownKinds = (seen: readonly { readonly kind: string }[]): string[] => [
  ...new Set(seen.map(({ kind }) => kind).filter((kind) => !(kind in ALL))),
];

/** An event out of its line of log. */
export const toEvent = ({ msg, err, ...members }: { msg: string; [member: string]: unknown }): SeenEvent => ({
  ...members,
  ...(err !== undefined && { error: err }),
  kind: msg,
});
