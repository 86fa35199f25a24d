import type { Logger } from 'pino';
import type { Listener, ServiceEventKind } from '../observer.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** The level of each kind's line; a line of a task has its own. */
export const LEVELS: Readonly<Record<ServiceEventKind, Level>> = {
  'misspelt-setting': 'warn',
  'settings-differ': 'warn',
  'schema-unusable': 'warn',
  ready: 'info',
  'child-started': 'debug',
  'child-lost': 'error',
  'child-replaced': 'warn',
  'queues-changed': 'info',
  'too-many-queues': 'warn',
  stopping: 'info',
  stopped: 'info',
  'jobs-submitted': 'debug',
  'submit-replayed': 'debug',
  'submit-refused': 'debug',
  'jobs-taken': 'debug',
  'attempt-started': 'debug',
  'attempt-ended': 'debug',
  'attempt-failed': 'warn',
  'attempt-lost': 'debug',
  'uncaught-error': 'error',
  stale: 'warn',
  'task-log': 'info',
  'lease-renewed': 'debug',
  'lease-lost': 'warn',
  recovered: 'warn',
  'job-cancelled': 'debug',
  'jobs-cancelled': 'debug',
  'jobs-expired': 'debug',
  'jobs-held': 'debug',
  'queue-removed': 'info',
  'schedule-fired': 'debug',
  'schedule-skipped': 'debug',
  'certificate-loaded': 'info',
  'certificate-refused': 'error',
  'connections-refused': 'warn',
  'wait-started': 'debug',
  'wait-ended': 'debug',
  'stream-opened': 'debug',
  'stream-closed': 'debug',
  'http-request': 'debug',
  'audit-unwritten': 'warn',
  'spans-lost': 'warn',
  'tracing-trouble': 'warn',
  'redis-trouble': 'warn',
  'keys-trouble': 'warn',
  defect: 'error',
};

/** Lines of tasks can be errors. */
const leastLevel = (kind: ServiceEventKind, level: Level): Level => (kind === 'task-log' ? 'error' : level);

/** Writes a line for each event, but those of `except`: its kind is the message, its members are the fields. */
export function logObserver(logger: Logger, except: readonly ServiceEventKind[] = []): Listener {
  // The level of a process never changes: what it leaves out is not even made.
  const written = new Set<ServiceEventKind>();
  for (const [kind, level] of Object.entries(LEVELS) as [ServiceEventKind, Level][]) {
    if (logger.isLevelEnabled(leastLevel(kind, level)) && !except.includes(kind)) written.add(kind);
  }
  return {
    wants: (kind) => written.has(kind),
    observe: ({ kind, ...event }) => {
      const { error, trace, level, ...rest } = {
        error: undefined,
        trace: undefined,
        level: LEVELS[kind],
        ...event,
      };
      const fields = {
        ...rest,
        // Its tracestate is for tracing systems alone.
        ...(trace !== undefined && { trace: trace.traceparent }),
        ...(error !== undefined && (error instanceof Error ? { err: error } : { error })),
      };
      logger[level](fields, kind);
    },
  };
}
