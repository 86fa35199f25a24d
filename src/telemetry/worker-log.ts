import type { Logger } from 'pino';
import type { Observer, WorkerEvent } from '../observer.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

const LEVELS: Readonly<Record<WorkerEvent['kind'], Level>> = {
  'misspelt-setting': 'warn',
  ready: 'info',
  'child-started': 'debug',
  'child-lost': 'error',
  'attempt-ended': 'debug',
  'attempt-failed': 'warn',
  stale: 'warn',
  recovered: 'warn',
  'lease-lost': 'warn',
  'redis-trouble': 'warn',
  defect: 'error',
  'task-log': 'info',
  stopping: 'info',
  stopped: 'info',
};

/** Writes a line for each event. */
export const logObserver =
  (logger: Logger): Observer =>
  ({ kind, ...event }) => {
    const { error, ...rest } = { error: undefined, ...event };
    logger[LEVELS[kind]](error instanceof Error ? { ...rest, err: error } : { ...event }, kind);
  };
