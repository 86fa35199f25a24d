import { parseJson } from '../redis/parse-json.ts';
import type { WorkerKind } from '../schemas/workers/worker.ts';

/** A TypeScript worker reports this often. */
export const REPORT_EVERY_MS = 30_000;
/** A worker counts as live for this long after its last report: one may be late or lost. */
export const LIVE_MS = 60_000;
/** The verb of the messages in `control` that name a worker to drain. */
export const DRAIN_MESSAGE = 'drain';
/** Tasks and leases that a record names: it is written again and again. */
const MOST_NAMED = 256;

/** What a worker says of itself, as stored. */
export interface WorkerRecord {
  readonly kind: WorkerKind;
  /** Names and patterns. */
  readonly queues: readonly string[];
  /** Absent stands for all. */
  readonly tasks?: readonly string[] | undefined;
  readonly host?: string | undefined;
  readonly pid?: number | undefined;
  readonly release?: string | undefined;
  readonly processes?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly leases?: readonly string[] | undefined;
  /** It takes no more jobs, whoever told it so. */
  readonly isStopping?: boolean | undefined;
}

export interface StoredWorker extends WorkerRecord {
  readonly name: string;
  /** Unix ms. */
  readonly startedAt: number;
  readonly seenAt: number;
}

export const encodeRecord = (record: WorkerRecord): string =>
  JSON.stringify({
    ...record,
    tasks: record.tasks?.slice(0, MOST_NAMED),
    leases: record.leases?.slice(0, MOST_NAMED),
  });

/** Reads `<start> <last report> <record>`; undefined for text that is not of ours. */
export function decodeRecord(name: string, text: string): StoredWorker | undefined {
  const [, startedAt, seenAt, json = ''] = /^(\d+) (\d+) (.*)$/s.exec(text) ?? [];
  const record = parseJson(json);
  if (!isRecord(record)) return undefined;
  return { ...record, name, startedAt: Number(startedAt), seenAt: Number(seenAt) };
}

const isRecord = (value: unknown): value is WorkerRecord =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  (value.kind === 'typescript' || value.kind === 'http') &&
  'queues' in value &&
  Array.isArray(value.queues);
